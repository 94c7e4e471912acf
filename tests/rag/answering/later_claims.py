# ruff: noqa: E501 - documents and sentences as they come
"""Sentences about twelve more invented businesses, labelled by hand; the checker was mended by those it judged wrongly."""

from __future__ import annotations

from tests.rag.answering.claims import Claim, _claims

STORE = """Tulsi Home Store: returns, exchanges and delivery

Furniture can be returned within 14 days if it has not been assembled. Mattresses and bed linen can only be exchanged, not returned. The return pick-up is free for orders above ₹3,000; below that we deduct ₹250 from the refund.
Refunds reach cards within 6 working days and wallets within 24 hours. Gift wrapping costs ₹60 per item. Orders placed before noon are shipped the same day, except on Sundays.
Assembly is done by our carpenters at ₹400 per visit and must be booked when you order. A sofa carries a warranty of 3 years on the frame and of 1 year on the fabric. Scratches caused by pets are not covered."""

HOLIDAY = """Saffron Valley Resort: booking terms

Season | Cottage | Tree house | Minimum stay
April to June | ₹6,500 | ₹8,900 | 2 nights
July to September | ₹3,900 | ₹5,400 | 1 night
October to March | ₹5,200 | ₹7,300 | 2 nights

Rates are per night for two persons and include breakfast; an extra bed costs ₹1,100. Check-in is from 2 pm, early check-in depends on availability. Half of the amount is payable on booking, the rest on arrival.
Cancellations up to 15 days before arrival are refunded in full, up to 7 days at 50%, later not at all. Pets are welcome in cottages only. The bonfire is lit every Saturday. The airport transfer must be requested 48 hours ahead. Alcohol may not be brought from outside."""

RENT = """House rules and rent, Maple Residency (paying guests)

A single room costs ₹14,000 a month and a shared room ₹9,500. Electricity is billed by meter at ₹9 per unit; water and Wi-Fi are part of the rent. The deposit equals two months' rent and is returned within 30 days of moving out, less the cost of repairs.
Rent is due by the 5th of each month; after that a fine of ₹100 a day applies. Either side may end the agreement with one month's notice. Overnight guests need the manager's consent. The gate is locked at 11 pm; residents have their own key.
Breakfast is served from 7:30 to 9:30 am and dinner from 8 to 10 pm; lunch is not provided. Cooking in rooms is forbidden. The laundry room may be used twice a week. The manager, Mr. Tarun Sethi, is in the office on weekdays."""

POLICY_HI = """सुरक्षा कवच दुर्घटना बीमा: मुख्य शर्तें

प्रीमियम ₹480 प्रति वर्ष है और बीमा राशि ₹5 लाख। 18 से 65 वर्ष का कोई भी व्यक्ति यह बीमा ले सकता है। दुर्घटना में मृत्यु होने पर पूरी राशि और एक हाथ या पैर खोने पर आधी राशि दी जाती है।
दुर्घटना की सूचना 7 दिन के भीतर देनी होती है। शराब पीकर गाड़ी चलाने से हुई दुर्घटना पर दावा स्वीकार नहीं होता। दावे के लिए पुलिस रिपोर्ट, अस्पताल के कागज़ और पॉलिसी की प्रति जमा करें।
दावे का भुगतान 30 दिन में बैंक खाते में किया जाता है। पॉलिसी हर साल नवीनीकृत करानी होती है; 15 दिन की छूट अवधि मिलती है। नामिनी कभी भी बदला जा सकता है। प्रीमियम नकद नहीं लिया जाता। विदेश में हुई दुर्घटनाएँ भी कवर होती हैं।"""

MARKET_HI = """कृषि उपज मंडी, सीहोर: किसानों के लिए सूचना

मंडी सोमवार से शनिवार सुबह 7 बजे से दोपहर 2 बजे तक खुली रहती है। गेहूँ की नीलामी सुबह 9 बजे और सोयाबीन की 11 बजे शुरू होती है। तौल का शुल्क ₹8 प्रति क्विंटल है, जो व्यापारी देता है। हम्माली ₹12 प्रति क्विंटल किसान से ली जाती है।
भुगतान उसी दिन बैंक खाते में होता है; ₹10,000 तक की रकम नकद भी मिल सकती है। प्रवेश पर्ची बनवाने के लिए आधार कार्ड और ऋण पुस्तिका साथ लाएँ। एक किसान एक दिन में अधिकतम 40 क्विंटल बेच सकता है।
नमी 12% से ज़्यादा होने पर उपज वापस कर दी जाती है। किसान विश्राम गृह में रात रुकने का ₹30 शुल्क है। कैंटीन में ₹20 में भोजन मिलता है। शिकायत के लिए मंडी सचिव श्री रघुवीर पटेल से मिलें। मंडी 15 अगस्त और 2 अक्टूबर को बंद रहेगी।"""

PASSPORT_HI = """आधार सेवा केंद्र, नागपुर

सेवा | शुल्क | समय
नया नामांकन | निःशुल्क | 30 मिनट
पता बदलना | ₹50 | 15 मिनट
फ़ोटो और उँगलियों के निशान बदलना | ₹100 | 20 मिनट
रंगीन प्रिंट | ₹30 | 5 मिनट

केंद्र रविवार को भी खुला रहता है, सार्वजनिक अवकाश पर बंद रहता है। ऑनलाइन समय लेने वालों को पहले बुलाया जाता है। पाँच वर्ष से छोटे बच्चों के लिए माता या पिता का आधार ज़रूरी है। मूल दस्तावेज़ दिखाने होते हैं, फ़ोटोकॉपी मान्य नहीं है।
जन्मतिथि केवल एक बार बदली जा सकती है। नया कार्ड डाक से 45 दिन में पहुँचता है। मोबाइल नंबर जोड़ने के लिए कोई कागज़ नहीं चाहिए। शुल्क नकद या कार्ड से लिया जाता है।"""

TUTOR_HING = """SmartStep Tuition – parents ke liye jaankari

Class 8 ki fees ₹1,500 mahina aur Class 10 ki ₹2,200 mahina hai. Do bhai-behen ke saath aane par 10% discount milta hai. Fees har mahine ki 7 tarikh tak deni hoti hai, uske baad ₹20 roz fine lagta hai.
Classes somvar se shukravar shaam 5 se 7 baje tak hoti hain, shanivar ko sirf test hota hai. Test ka result WhatsApp par bheja jata hai. Pehli do classes free hain. Admission fees ₹500 hai jo wapas nahi hoti.
Chhutti ke liye ek din pehle batana zaroori hai. Classroom mein mobile lana mana hai. Maths Verma sir padhate hain aur Science Kapoor madam. Notes ki soft copy app par mil jati hai, printout ke ₹2 per page lagte hain."""

AIRLINE = """Neelam Air: baggage and check-in

Economy passengers may check in one bag of 20 kg, business passengers two bags of 30 kg each. Cabin baggage must not weigh more than 7 kg. Each extra kilogram costs ₹550 at the counter and ₹400 if it is booked online at least 6 hours before departure.
Web check-in opens 48 hours and closes 1 hour before departure. The counter closes 45 minutes before domestic and 75 minutes before international flights. Infants under two travel on an adult's lap for 10% of the fare and have no baggage allowance.
Damaged bags must be reported before you leave the airport. Musical instruments travel in the hold unless a seat is bought for them. Wheelchairs are carried free of charge. Power banks are allowed in cabin baggage only. A name may be corrected once without charge up to 24 hours before departure."""

SLA = """StackNest Hosting: service description

Plan | Monthly price | Backups kept | Response time
Basic | ₹899 | 7 days | 24 hours
Pro | ₹2,499 | 30 days | 4 hours
Enterprise | ₹9,999 | 365 days | 30 minutes

We promise an availability of 99.9% a month; for every full hour below that you are credited 5% of the monthly price, but at most half of it. Maintenance takes place on the first Tuesday of the month between 2 and 4 am and is announced five days ahead.
Contracts run for 12 months and renew by a month at a time unless cancelled two weeks before the end. Data is deleted 60 days after termination. Support answers in English and Hindi; telephone support is part of the Enterprise plan only. Servers stand in Mumbai and Hyderabad. Unpaid accounts are suspended after 21 days. Free SSL certificates are included in all plans."""

TAX_HI = """नगर पालिका, देवास: संपत्ति कर और अन्य सूचनाएँ

संपत्ति कर साल में एक बार 30 सितंबर तक जमा होता है। 30 जून से पहले भुगतान करने पर 5% की छूट है, जबकि देरी पर 1.5% प्रति माह ब्याज लगता है। भूतपूर्व सैनिकों और दिव्यांगों को कर में आधी छूट दी जाती है।
कचरा गाड़ी हर सुबह 7 से 9 बजे के बीच आती है; गीला कचरा हरे और सूखा कचरा नीले डिब्बे में डालें। निर्माण का मलबा उठवाने के ₹600 प्रति फेरा लगते हैं। सड़क पर कचरा फेंकने पर ₹250 का जुर्माना है।
नल कनेक्शन के आवेदन के साथ मकान की रजिस्ट्री और पिछली कर रसीद लगाएँ; कनेक्शन 10 कार्य दिवस में दिया जाता है। जन्म प्रमाण पत्र 21 दिन तक मुफ़्त बनता है, उसके बाद ₹20 विलंब शुल्क है। विवाह पंजीयन के लिए दोनों पक्षों की उपस्थिति अनिवार्य है। आवारा पशुओं की शिकायत हेल्पलाइन 155304 पर करें। कार्यालय में सोमवार को जनसुनवाई होती है।"""

GARAGE = """Vahan Care: car service

A standard service costs ₹3,200 for petrol cars and ₹3,900 for diesel cars; engine oil is included, filters are not. We need the car for six hours. Pick-up within Noida is free, elsewhere it costs ₹15 per kilometre.
Appointments are made by phone or in the app and can be moved until 6 pm on the day before. Cars left with us for more than three days after completion are charged ₹200 a day. Repairs above ₹5,000 are begun only after you agree to the estimate.
New parts carry a guarantee of 12 months or 10,000 km, whichever comes first; used parts carry none. Tyres are changed by Imran, paint work is done by a partner firm in Ghaziabad. Insurance claims are settled without cash at four insurers. The workshop is closed on the last Sunday of each month."""

LAB_HI = """निदान पैथोलॉजी, भोपाल: जाँच और शुल्क

जाँच | शुल्क | रिपोर्ट
शुगर (खाली पेट) | ₹80 | 4 घंटे
थायरॉइड | ₹450 | अगले दिन
विटामिन डी | ₹1,200 | 2 दिन

खाली पेट जाँच के लिए 10 घंटे पहले से कुछ न खाएँ, पानी पी सकते हैं। घर से नमूना लेने का शुल्क ₹100 है, 70 वर्ष से ऊपर के मरीज़ों से यह नहीं लिया जाता। रिपोर्ट व्हाट्सएप पर भेजी जाती है; छपी हुई रिपोर्ट के लिए काउंटर पर आना होता है।
डॉक्टर की पर्ची के बिना भी जाँच होती है, केवल गर्भावस्था की जाँच में पर्ची ज़रूरी है। एक साथ तीन से अधिक जाँचें कराने पर 10% छूट मिलती है। नमूने सुबह 6:30 से 11 बजे तक लिए जाते हैं। रिपोर्ट में गड़बड़ी लगे तो 48 घंटे के भीतर दोबारा जाँच मुफ़्त होती है। रेडियोलॉजी की सुविधा यहाँ नहीं है।"""


LATER_CLAIMS: tuple[Claim, ...] = (
    *_claims(
        STORE,
        """
+ | paraphrase | You have 14 days to return furniture, provided it hasn't been put together yet.
+ | paraphrase | Mattresses cannot be returned; you may only exchange them.
+ | paraphrase | If your order is worth more than ₹3,000, the return pick-up costs you nothing.
+ | paraphrase | It takes up to six working days for a refund to arrive on your card.
+ | paraphrase | Wallet refunds arrive within a day.
+ | paraphrase | Each gift-wrapped item costs ₹60 extra.
+ | paraphrase | If you order before noon, your order ships on the same day unless it is a Sunday.
+ | paraphrase | Our carpenters charge ₹400 for each assembly visit.
+ | paraphrase | The fabric of a sofa has a one-year warranty.
+ | paraphrase | Damage from pets scratching the sofa isn't covered.
- | condition  | Furniture can be returned within 14 days even after it has been assembled.
- | number     | For orders below ₹3,000 we deduct ₹350 from the refund.
- | role       | The sofa frame has a warranty of 1 year.
- | role       | Refunds reach cards within 24 hours.
- | condition  | Orders placed before noon are shipped the same day, also on Sundays.
- | negation   | Mattresses can be returned within 14 days.
- | condition  | Assembly can be booked after delivery.
- | invented   | Old furniture is taken away free of charge when we deliver.
""",
    ),
    *_claims(
        HOLIDAY,
        """
+ | paraphrase | From April to June a tree house costs ₹8,900 a night.
+ | paraphrase | Between July and September you can stay for just one night.
+ | paraphrase | In the winter months from October to March, a cottage is ₹5,200.
+ | paraphrase | Breakfast is already covered by the room rate.
+ | paraphrase | You pay 50% when booking and the remainder when you arrive.
+ | paraphrase | If you cancel 15 days or more before you arrive, you get all your money back.
+ | paraphrase | You may bring your pet only if you stay in a cottage.
+ | paraphrase | Guests are not allowed to bring their own alcohol.
+ | paraphrase | Ask for the airport transfer at least two days in advance.
- | role       | From July to September a cottage costs ₹5,400.
- | number     | An extra bed costs ₹1,000.
- | negation   | Breakfast is charged separately.
- | condition  | Pets are welcome in tree houses.
- | date       | The bonfire is lit every Sunday.
- | number     | The airport transfer must be requested 24 hours ahead.
- | condition  | The full amount is payable on booking.
- | invented   | The resort has a heated swimming pool.
""",
    ),
    *_claims(
        RENT,
        """
+ | paraphrase | You would pay ₹9,500 per month for a shared room.
+ | paraphrase | The rent already includes water and Wi-Fi.
+ | paraphrase | Your deposit is refunded within 30 days after you move out, minus any repair costs.
+ | paraphrase | Rent has to be paid by the 5th of the month.
+ | paraphrase | If you pay late, you are fined ₹100 per day.
+ | paraphrase | Either party can terminate the agreement by giving a month's notice.
+ | paraphrase | You need the manager's permission to have guests stay overnight.
+ | paraphrase | No lunch is served.
+ | paraphrase | You are not allowed to cook in your room.
+ | paraphrase | The laundry room is available to you two times a week.
- | role       | A single room costs ₹9,500 a month.
- | negation   | Electricity is part of the rent.
- | number     | The deposit equals three months' rent.
- | number     | The gate is locked at 10 pm.
- | role       | Dinner is served from 7:30 to 9:30.
- | name       | The manager is Mr. Tarun Seth.
- | condition  | The manager is in the office every day.
- | invented   | Rooms are cleaned daily by our staff.
""",
    ),
    *_claims(
        POLICY_HI,
        """
+ | paraphrase | इस बीमे के लिए साल में ₹480 का प्रीमियम देना होता है।
+ | paraphrase | 18 साल से 65 साल तक की उम्र वाले लोग यह बीमा खरीद सकते हैं।
+ | paraphrase | एक पैर या हाथ खोने पर बीमा राशि का आधा हिस्सा मिलता है।
+ | paraphrase | दुर्घटना होने पर एक हफ़्ते के अंदर सूचित करना ज़रूरी है।
+ | paraphrase | अगर दुर्घटना शराब पीकर गाड़ी चलाने से हुई हो तो दावा नहीं माना जाएगा।
+ | paraphrase | दावे की रकम तीस दिन के अंदर आपके बैंक खाते में आ जाती है।
+ | paraphrase | आप जब चाहें नामिनी बदल सकते हैं।
+ | paraphrase | प्रीमियम नकद में नहीं भरा जा सकता।
- | number     | प्रीमियम ₹840 प्रति वर्ष है।
- | condition  | एक हाथ खोने पर पूरी राशि दी जाती है।
- | negation   | विदेश में हुई दुर्घटनाएँ कवर नहीं होतीं।
- | number     | दावे का भुगतान 15 दिन में होता है।
- | role       | दुर्घटना की सूचना 30 दिन के भीतर देनी होती है।
- | negation   | प्रीमियम नकद लिया जाता है।
- | condition  | पॉलिसी हर महीने नवीनीकृत करानी होती है।
- | invented   | पॉलिसी लेने से पहले मेडिकल जाँच करानी होती है।
""",
    ),
    *_claims(
        MARKET_HI,
        """
+ | paraphrase | गेहूँ की बोली सुबह नौ बजे शुरू होती है।
+ | paraphrase | सोयाबीन की नीलामी 11 बजे से होती है।
+ | paraphrase | तौल के ₹8 प्रति क्विंटल व्यापारी को देने होते हैं।
+ | paraphrase | किसान को हर क्विंटल पर ₹12 हम्माली देनी पड़ती है।
+ | paraphrase | किसान के खाते में पैसा उसी दिन आ जाता है।
+ | paraphrase | एक दिन में कोई किसान 40 क्विंटल से ज़्यादा उपज नहीं बेच सकता।
+ | paraphrase | अगर नमी 12 प्रतिशत से अधिक हो तो उपज लौटा दी जाती है।
+ | paraphrase | मंडी की कैंटीन में 20 रुपये में खाना मिल जाता है।
+ | paraphrase | विश्राम गृह में एक रात ठहरने के ₹30 लगते हैं।
- | role       | सोयाबीन की नीलामी सुबह 9 बजे शुरू होती है।
- | role       | तौल का शुल्क किसान देता है।
- | number     | एक किसान एक दिन में अधिकतम 60 क्विंटल बेच सकता है।
- | date       | मंडी 26 जनवरी को बंद रहेगी।
- | negation   | मंडी रविवार को भी खुली रहती है।
- | condition  | नमी 12% से कम होने पर उपज वापस कर दी जाती है।
- | name       | शिकायत के लिए मंडी सचिव श्री रघुवीर यादव से मिलें।
- | number     | ₹50,000 तक की रकम नकद मिल सकती है।
- | invented   | मंडी में मिट्टी की जाँच मुफ़्त होती है।
""",
    ),
    *_claims(
        PASSPORT_HI,
        """
+ | paraphrase | पते में बदलाव के लिए 50 रुपये लगते हैं।
+ | paraphrase | नया नामांकन मुफ़्त है और इसमें आधा घंटा लगता है।
+ | paraphrase | रविवार को भी केंद्र खुलता है।
+ | paraphrase | पाँच साल से कम उम्र के बच्चे के लिए माता-पिता में से किसी एक का आधार चाहिए।
+ | paraphrase | असली दस्तावेज़ लाने होंगे, फ़ोटोकॉपी नहीं चलेगी।
+ | paraphrase | जन्मतिथि सिर्फ़ एक ही बार बदलवाई जा सकती है।
+ | paraphrase | नए कार्ड को डाक से आने में 45 दिन लगते हैं।
- | role       | पता बदलने का शुल्क ₹100 है।
- | role       | रंगीन प्रिंट में 15 मिनट लगते हैं।
- | negation   | फ़ोटोकॉपी भी मान्य है।
- | condition  | जन्मतिथि कितनी भी बार बदली जा सकती है।
- | negation   | सार्वजनिक अवकाश पर केंद्र खुला रहता है।
- | number     | नया कार्ड 30 दिन में पहुँचता है।
- | condition  | मोबाइल नंबर जोड़ने के लिए पैन कार्ड चाहिए।
- | invented   | वरिष्ठ नागरिकों के घर जाकर भी नामांकन किया जाता है।
""",
    ),
    *_claims(
        TUTOR_HING,
        """
+ | paraphrase | Class 10 ke liye har mahine ₹2,200 dene padte hain.
+ | paraphrase | Agar do bhai-behen saath padhein to 10% ki chhoot hai.
+ | paraphrase | 7 tarikh ke baad fees dene par roz ₹20 ka jurmana lagta hai.
+ | paraphrase | Shanivar ko class nahi hoti, sirf test hota hai.
+ | paraphrase | Result WhatsApp par mil jata hai.
+ | paraphrase | Shuru ki do classes ke liye koi paisa nahi lagta.
+ | paraphrase | Admission fees refundable nahi hai.
+ | paraphrase | Class mein phone lana allowed nahi hai.
+ | paraphrase | Science Kapoor madam padhati hain.
- | role       | Class 8 ki fees ₹2,200 mahina hai.
- | number     | Classes shaam 6 se 8 baje tak hoti hain.
- | name       | Maths Sharma sir padhate hain.
- | role       | Maths Kapoor madam padhati hain.
- | negation   | Admission fees wapas ho jati hai.
- | condition  | Pehli paanch classes free hain.
- | name       | Test ka result email par bheja jata hai.
- | invented   | Bachchon ko ghar se lene ke liye van ki suvidha hai.
""",
    ),
    *_claims(
        AIRLINE,
        """
+ | paraphrase | If you fly economy, you can check in a single bag weighing up to 20 kg.
+ | paraphrase | Your hand luggage in the cabin may weigh at most 7 kg.
+ | paraphrase | Booking extra weight online at least six hours ahead costs ₹400 per kilogram.
+ | paraphrase | You can check in online from two days until an hour before the flight leaves.
+ | paraphrase | For international flights the counter shuts 75 minutes before departure.
+ | paraphrase | A child below the age of two flies on a parent's lap and pays a tenth of the fare.
+ | paraphrase | There is no charge for carrying a wheelchair.
+ | paraphrase | You must report a damaged bag before leaving the airport.
+ | paraphrase | Power banks may be carried only in your cabin bag.
- | role       | Business passengers may check in two bags of 20 kg each.
- | role       | The counter closes 45 minutes before international flights.
- | negation   | Infants have a baggage allowance of their own.
- | condition  | Power banks may be carried in checked baggage too.
- | condition  | A name may be corrected as often as you like without charge.
- | number     | Web check-in opens 24 hours before departure.
- | condition  | Damaged bags can be reported within a week.
- | invented   | Vegetarian meals can be ordered up to a day before the flight.
""",
    ),
    *_claims(
        SLA,
        """
+ | paraphrase | On the Pro plan, backups are kept for a month of 30 days.
+ | paraphrase | Enterprise customers get a reply within half an hour.
+ | paraphrase | The Basic plan is priced at ₹899 a month.
+ | paraphrase | You will be told about maintenance five days beforehand.
+ | paraphrase | Your data gets deleted 60 days after the contract ends.
+ | paraphrase | Only Enterprise includes support by phone.
+ | paraphrase | You can write to support in Hindi or English.
+ | paraphrase | If you don't pay, your account is suspended after three weeks.
+ | paraphrase | Every plan comes with SSL certificates at no cost.
- | role       | The Pro plan keeps backups for 365 days.
- | role       | On the Basic plan the response time is 4 hours.
- | number     | We promise an availability of 99.5% a month.
- | condition  | Telephone support is part of all plans.
- | date       | Maintenance takes place on the first Thursday of the month.
- | name       | Servers stand in Mumbai and Chennai.
- | number     | Contracts run for 24 months.
- | invented   | Domains are registered free of charge for the first year.
""",
    ),
    *_claims(
        TAX_HI,
        """
+ | paraphrase | संपत्ति कर हर साल 30 सितंबर तक भरना होता है।
+ | paraphrase | 30 जून से पहले कर चुकाने वालों को 5 प्रतिशत की छूट मिलती है।
+ | paraphrase | देर से भुगतान करने पर हर महीने 1.5% ब्याज देना पड़ता है।
+ | paraphrase | गीले कचरे के लिए हरा डिब्बा है और सूखे कचरे के लिए नीला।
+ | paraphrase | सड़क पर कचरा डालने वाले को ₹250 जुर्माना भरना होगा।
+ | paraphrase | नल का कनेक्शन दस कार्य दिवस के अंदर मिल जाता है।
+ | paraphrase | 21 दिन के भीतर जन्म प्रमाण पत्र बनवाने का कोई शुल्क नहीं है।
+ | paraphrase | विवाह के पंजीयन के समय दोनों पक्षों का मौजूद रहना ज़रूरी है।
+ | paraphrase | हर सोमवार को कार्यालय में जनसुनवाई रखी जाती है।
- | role       | सूखा कचरा हरे डिब्बे में डालें।
- | number     | मलबा उठवाने के ₹800 प्रति फेरा लगते हैं।
- | role       | सड़क पर कचरा फेंकने पर ₹600 का जुर्माना है।
- | condition  | भूतपूर्व सैनिकों को कर में पूरी छूट दी जाती है।
- | date       | संपत्ति कर 31 दिसंबर तक जमा होता है।
- | negation   | विवाह पंजीयन के लिए दोनों पक्षों का आना ज़रूरी नहीं है।
- | condition  | जन्म प्रमाण पत्र हमेशा मुफ़्त बनता है।
- | invented   | नगर पालिका पार्क में सुबह योग शिविर लगाती है।
""",
    ),
    *_claims(
        GARAGE,
        """
+ | paraphrase | Servicing a diesel car costs ₹3,900.
+ | paraphrase | Engine oil comes with the standard service, but you pay for filters separately.
+ | paraphrase | The workshop keeps your car for six hours.
+ | paraphrase | Outside Noida, you are charged ₹15 per km for pick-up.
+ | paraphrase | You can move your appointment up to 6 pm on the previous day.
+ | paraphrase | Any repair costing over ₹5,000 starts only once you have approved the estimate.
+ | paraphrase | There is no guarantee on used parts.
+ | paraphrase | Imran takes care of changing the tyres.
- | role       | A standard service costs ₹3,200 for diesel cars.
- | negation   | Filters are included in the standard service.
- | role       | Used parts carry a guarantee of 12 months.
- | condition  | Pick-up is free everywhere.
- | condition  | Repairs above ₹5,000 are begun before you agree to the estimate.
- | role       | Paint work is done by Imran.
- | condition  | The workshop is closed every Sunday.
- | number     | Cars left for more than five days are charged ₹200 a day.
- | condition  | Appointments can be made by e-mail.
- | invented   | A replacement car is lent to you during the repair.
""",
    ),
    *_claims(
        LAB_HI,
        """
+ | paraphrase | थायरॉइड की जाँच ₹450 में होती है और रिपोर्ट अगले दिन मिलती है।
+ | paraphrase | विटामिन डी की रिपोर्ट आने में दो दिन लगते हैं।
+ | paraphrase | 70 साल से अधिक उम्र के मरीज़ों के घर से नमूना मुफ़्त लिया जाता है।
+ | paraphrase | खाली पेट जाँच से पहले आप पानी पी सकते हैं।
+ | paraphrase | आपको रिपोर्ट व्हाट्सएप पर मिल जाएगी।
+ | paraphrase | गर्भावस्था की जाँच के लिए डॉक्टर की पर्ची लानी होगी।
+ | paraphrase | सुबह साढ़े छह से ग्यारह बजे तक नमूने लिए जाते हैं।
- | role       | विटामिन डी की जाँच ₹450 की है।
- | role       | थायरॉइड की रिपोर्ट 4 घंटे में मिलती है।
- | number     | घर से नमूना लेने का शुल्क ₹150 है।
- | negation   | रेडियोलॉजी की जाँच भी यहाँ होती है।
- | condition  | हर जाँच के लिए डॉक्टर की पर्ची ज़रूरी है।
- | condition  | दो जाँचें कराने पर 10% छूट मिलती है।
- | number     | 24 घंटे के भीतर दोबारा जाँच मुफ़्त होती है।
- | role       | छपी हुई रिपोर्ट घर भेजी जाती है।
- | invented   | त्योहारों पर सभी जाँचों पर आधी छूट मिलती है।
""",
    ),
)
