# ruff: noqa: E501 - documents and sentences as they come
"""Sentences about ten more invented businesses, as a good model would put them, labelled without sight of the checker.

The kinds: `paraphrase` (in other words, merged or reordered), `number`, `date`, `name` (one of them wrong), `role` (a
figure or a word that belongs to something else), `negation` (the meaning turned), `condition` (a condition, limit or
quantity changed), `source` (true of another source of this module) and `invented` (plausible, but not said)."""

from __future__ import annotations

from tests.rag.answering.claims import Claim, _claims

PHYSIO = """Sparsh Physiotherapy, Nashik: information for patients

First assessments take 45 minutes and cost ₹800. Follow-up sessions take 30 minutes and cost ₹550. A package of ten sessions is sold for ₹4,800 and must be used within 90 days of purchase.
Please arrive ten minutes early and bring your referral letter and any X-ray films. Sessions cancelled with less than six hours' notice are charged in full. Home visits are offered only to patients over 65 and cost ₹300 on top of the session fee.
Ultrasound therapy is not given to pregnant women. We are closed on public holidays. Receipts for insurance claims are issued by the front desk on the same day. Sports injuries are treated by Dr. Leena Apte, back pain by Dr. Sameer Kulkarni."""

COURIER = """Garuda Cargo: rates and rules

Weight | Within the city | Rest of India | Delivery time in the city
up to 500 g | ₹45 | ₹90 | same day
500 g to 2 kg | ₹80 | ₹160 | 1 day
2 to 10 kg | ₹220 | ₹480 | 2 days

Pick-up from your door is free for three parcels or more; otherwise it costs ₹30. Batteries and perfumes travel by road only. The sender is liable for false declarations. If nobody is at home, the courier tries again on the next working day; after the second failed attempt you must collect the parcel from the depot within 7 days.
Cash on delivery is possible up to ₹20,000 and costs 2% of the amount. Claims for damage need photographs and must reach us by e-mail within 3 days of delivery. Compensation never exceeds the declared value."""

BANK = """Kaveri Urban Bank: savings account charges from 1 October 2026

The average monthly balance must be at least ₹5,000 in city branches and ₹2,000 in village branches. If it falls short, ₹150 plus GST is charged per quarter. Salary and student accounts need no minimum balance.
Five withdrawals a month at our own machines are free and three at those of other banks; each further one costs ₹21. A duplicate passbook costs ₹100. The first cheque book of 25 leaves each year is free. Standing instructions are set up at no cost.
Interest of 3.25% a year is credited every six months, on 31 March and 30 September. Accounts without any transaction for 24 months become inactive; to reactivate one, the holder must come to the home branch with proof of identity. Nominees can be changed at any time. Foreign nationals cannot open this account."""

KETTLE = """Agni K2 electric kettle: user manual

Capacity: 1.7 litres. Power: 1500 W. Cord: 0.8 m.
Fill the kettle at least to the MIN mark and never above the MAX mark. The kettle switches itself off when the water boils and also when it is lifted from its base. Do not heat milk, soup or oil in it.
Descale it every four weeks with equal parts of white vinegar and water; let the mixture stand for an hour, boil it once and rinse twice. The filter in the spout can be removed and washed by hand, but not in a dishwasher.
A red light that blinks three times means that the kettle was switched on empty: wait 15 minutes before you fill it with cold water. Children under 8 must not use the appliance. The guarantee of 2 years covers the heating element but not the lid. Spare filters (part FK-12) are sold by dealers."""

SCHOOL = """Udgam Public School: handbook for parents 2026-27

School hours are 7:40 am to 1:50 pm from Monday to Friday and 7:40 am to 11:30 am on the first and third Saturday of the month. Pupils who come after 8 am need a late slip from the office; three late slips in a month lead to a letter to the parents.
The uniform is navy blue in winter and white in summer. Packed lunch must be vegetarian. Buses are run for classes 1 to 8 only. The annual fee may be paid in one sum by 20 April, with a rebate of 4%, or in four instalments without a rebate.
Leave of more than five days must be approved by the principal, Mrs. Farida Contractor. Books borrowed from the library are due after 10 days. Medical certificates must be handed in within a week of return. Electronic watches are not permitted during examinations. The summer vacation runs from 9 May to 21 June 2026."""

EYE_HI = """दृष्टि नेत्रालय, जबलपुर: मरीज़ों के लिए जानकारी

ओपीडी पर्ची ₹150 की है और 10 दिन तक चलती है। 60 वर्ष से अधिक आयु के मरीज़ों की जाँच बिना कतार के होती है। मोतियाबिंद के ऑपरेशन का खर्च ₹18,000 से शुरू होता है; इसमें लेंस का दाम शामिल है, दवाइयों का नहीं।
ऑपरेशन से पहले छह घंटे तक कुछ न खाएँ। ऑपरेशन के बाद मरीज़ को उसी दिन छुट्टी दे दी जाती है और अगले दिन पट्टी खोली जाती है। साथ में एक परिजन का होना ज़रूरी है।
चश्मे 5 दिन में तैयार होते हैं और उन पर छह महीने की वारंटी है, लेकिन खरोंच इसमें नहीं आती। आयुष्मान कार्ड केवल ऑपरेशन के लिए मान्य है। रेटिना के रोगी डॉ. विनीता दुबे को बुधवार और शनिवार को दिखा सकते हैं। आपातकालीन सेवा चौबीसों घंटे उपलब्ध है।"""

ELECTRICITY_HI = """पूर्वांचल विद्युत वितरण: उपभोक्ता सूचना

खपत | घरेलू दर प्रति यूनिट | दुकान की दर प्रति यूनिट
100 यूनिट तक | ₹3.50 | ₹5.20
101 से 300 यूनिट | ₹5.00 | ₹6.80
300 यूनिट से ऊपर | ₹6.40 | ₹7.90

बिल जारी होने के 15 दिन के भीतर भुगतान करें; उसके बाद 1.5% प्रति माह अधिभार लगता है। दो महीने तक बिल न भरने पर कनेक्शन काट दिया जाता है और उसे दोबारा जोड़ने के ₹350 लगते हैं। ऑनलाइन भुगतान पर बिल में 1% की छूट है, पर यह छूट ₹250 से ज़्यादा नहीं हो सकती।
मीटर विभाग की संपत्ति है और उसकी सील तोड़ना दंडनीय अपराध है। मीटर की जाँच के लिए आवेदन उपखंड कार्यालय में दिया जाता है; मीटर सही निकलने पर ₹200 जाँच शुल्क वापस नहीं होता। बिजली गुल होने की शिकायत 1912 पर दर्ज कराएँ। सौर पैनल लगवाने पर 40% अनुदान मिलता है, जिसकी आख़िरी तारीख़ 30 नवंबर 2026 है।"""

HOSTEL_HI = """गार्गी कन्या छात्रावास: नियमावली

छात्रावास का शुल्क ₹38,000 प्रति वर्ष है, जो जुलाई और जनवरी में दो बराबर किस्तों में लिया जाता है। ₹4,000 की अमानत राशि छात्रावास छोड़ते समय लौटा दी जाती है, बशर्ते कमरे में कोई नुकसान न हो। भोजन का खर्च अलग से ₹2,600 प्रति माह है।
छात्राओं को रात 8:30 बजे तक लौटना होता है; शनिवार को 9:30 बजे तक की छूट है। घर जाने के लिए अभिभावक का लिखित अनुमति पत्र चाहिए। मिलने वाले केवल रविवार को दोपहर 2 से 5 बजे के बीच आ सकते हैं और उन्हें कमरों में जाने की अनुमति नहीं है।
कमरों में हीटर और इंडक्शन चूल्हा रखना मना है, लैपटॉप और टेबल लैंप रख सकते हैं। हर मंज़िल पर एक वॉशिंग मशीन है, जो बारी-बारी से मिलती है। वार्डन श्रीमती उषा रावत से शाम 5 से 7 बजे तक मिला जा सकता है। वाई-फाई रात 12 बजे बंद कर दिया जाता है।"""

TRACTOR_HI = """हलधर कृषि यंत्र किराया केंद्र

ट्रैक्टर ₹900 प्रति घंटा और रोटावेटर के साथ ₹1,250 प्रति घंटा मिलता है। डीज़ल किराये में शामिल है और चालक केंद्र का होता है। कम से कम दो घंटे की बुकिंग करनी होती है। थ्रेशर का किराया ₹1,100 प्रति दिन है, पर उसका डीज़ल किसान को देना पड़ता है।
बुकिंग तीन दिन पहले करें; बारिश के कारण काम रुकने पर बुकिंग बिना शुल्क आगे बढ़ाई जाती है, लेकिन किसान के मना करने पर अग्रिम राशि ज़ब्त हो जाती है। पाँच एकड़ से कम ज़मीन वाले किसानों को 20% छूट मिलती है, इसके लिए खसरे की नकल दिखानी होगी।
यंत्र ज़िले के बाहर नहीं भेजे जाते। ड्रोन से छिड़काव फ़िलहाल केवल गेहूँ और धान के लिए होता है। केंद्र हर दिन सुबह 6 बजे खुलता है और अमावस्या को बंद रहता है। भुगतान नकद या यूपीआई से होता है, उधार नहीं दिया जाता।"""

CAB_HING = """ChaloCab – niyam aur rate

City ride ka base fare ₹60 hai, jisme pehle 3 km shaamil hain; uske baad har km ke ₹14 lagte hain. Raat 11 se subah 5 baje ke beech kiraya 25% zyada hota hai. Outstation trip ke liye kam se kam 250 km ka kiraya dena padta hai aur driver ka bhatta ₹350 roz alag hai.
Booking ke 5 minute ke andar cancel karne par koi charge nahi, uske baad ₹40 kat-te hain. Driver 8 minute tak free wait karta hai, phir ₹2 per minute lagta hai. Toll aur parking customer ko dena hota hai.
Saamaan chhoot jaye to 24 ghante ke andar app mein report karein. Ek cab mein 4 se zyada sawari allowed nahi hai. Pet ke saath safar sirf Premium cab mein ho sakta hai. Wallet ka paisa bank account mein wapas nahi bheja ja sakta."""


UNSEEN_CLAIMS: tuple[Claim, ...] = (
    *_claims(
        PHYSIO,
        """
+ | paraphrase | Your first assessment will last three quarters of an hour and costs ₹800.
+ | paraphrase | For a follow-up you pay ₹550, and the session lasts half an hour.
+ | paraphrase | If you buy the ten-session package for ₹4,800, you have 90 days to use it up.
+ | paraphrase | Cancelling at less than six hours' notice means you still pay the full fee.
+ | paraphrase | Home visits are available only if the patient is older than 65.
+ | paraphrase | Pregnant women do not receive ultrasound therapy.
+ | paraphrase | If your problem is a sports injury, you will see Dr. Leena Apte.
- | role       | Follow-up sessions last 45 minutes.
- | number     | A package of ten sessions costs ₹4,300.
- | role       | Back pain is treated by Dr. Leena Apte.
- | negation   | The practice is open on public holidays.
- | condition  | Home visits are offered to patients under 65.
- | number     | The package must be used within 60 days of purchase.
- | source     | The guarantee of 2 years does not cover the lid.
- | invented   | You can pay for your sessions in three monthly instalments.
""",
    ),
    *_claims(
        COURIER,
        """
+ | paraphrase | Sending a 400 g parcel falls in the lowest slab, which costs ₹45 within the city and ₹90 elsewhere in India.
+ | paraphrase | Parcels of 2 to 10 kg cost ₹480 when they go to the rest of India.
+ | paraphrase | A parcel between 500 g and 2 kg reaches an address in the city in one day.
+ | paraphrase | You pay nothing for pick-up if you hand over at least three parcels.
+ | paraphrase | Perfumes and batteries are sent by road only.
+ | paraphrase | There is a fee of 2% for cash on delivery, which is limited to ₹20,000.
+ | paraphrase | To claim for damage, e-mail photographs no later than three days after delivery.
+ | paraphrase | You will never be compensated for more than the value you declared.
- | role       | Parcels of 500 g to 2 kg cost ₹220 within the city.
- | role       | A parcel of 2 to 10 kg costs ₹480 within the city.
- | number     | A parcel must be collected from the depot within 10 days.
- | condition  | Pick-up is free for two parcels or more.
- | negation   | Batteries may be sent by air.
- | condition  | The parcel must be collected from the depot after the first failed attempt.
- | role       | The courier is liable for false declarations.
- | invented   | Fragile parcels receive a second layer of packing for ₹25.
""",
    ),
    *_claims(
        BANK,
        """
+ | paraphrase | In a city branch you need to keep an average of ₹5,000 in the account each month.
+ | paraphrase | Village branches ask for an average monthly balance of only ₹2,000.
+ | paraphrase | Students and people with a salary account do not have to keep a minimum balance.
+ | paraphrase | You can withdraw money free of charge five times a month at Kaveri's own machines.
+ | paraphrase | Setting up a standing instruction is free.
+ | paraphrase | The interest rate is 3.25% per annum, and interest is credited twice a year.
+ | paraphrase | If there has been no transaction for two years, the account becomes inactive.
+ | paraphrase | You may change your nominee whenever you like.
- | role       | City branches require an average monthly balance of ₹2,000.
- | number     | A duplicate passbook costs ₹150.
- | negation   | Foreign nationals can open this savings account.
- | date       | Interest is credited on 31 March and 31 October.
- | role       | Five withdrawals a month at machines of other banks are free.
- | condition  | An inactive account can be reactivated at any branch without proof of identity.
- | condition  | Every cheque book is free of charge.
- | invented   | The bank sends a monthly statement by WhatsApp.
""",
    ),
    *_claims(
        KETTLE,
        """
+ | paraphrase | The kettle holds up to 1.7 litres of water.
+ | paraphrase | It turns off automatically once the water is boiling.
+ | paraphrase | You should descale the kettle once every four weeks, using vinegar and water in equal parts.
+ | paraphrase | Milk, soup and oil must not be heated in the kettle.
+ | paraphrase | You can take out the spout filter and wash it by hand.
+ | paraphrase | If the red light blinks three times, the kettle was turned on without water in it.
+ | paraphrase | The lid is not covered by the two-year guarantee.
- | negation   | The filter is safe to wash in a dishwasher.
- | number     | The kettle draws 1800 W.
- | condition  | Children under 12 must not use the appliance.
- | number     | After the red light has blinked, wait 50 minutes before filling the kettle.
- | role       | The guarantee of 2 years covers the lid but not the heating element.
- | name       | Spare filters carry the part number FK-21.
- | source     | The courier tries again on the next working day.
- | invented   | The base has a compartment for winding up the cord.
""",
    ),
    *_claims(
        SCHOOL,
        """
+ | paraphrase | On weekdays lessons run from 7:40 am until 1:50 pm.
+ | paraphrase | A child who arrives later than 8 am has to get a late slip from the office.
+ | paraphrase | If you pay the whole annual fee by 20 April, you receive a 4% rebate.
+ | paraphrase | Only pupils of classes 1 to 8 can travel by school bus.
+ | paraphrase | For an absence longer than five days you need the approval of the principal, Mrs. Farida Contractor.
+ | paraphrase | Library books have to be returned within ten days.
+ | paraphrase | Pupils may not wear electronic watches in examinations.
- | date       | The summer vacation ends on 12 June 2026.
- | role       | The uniform is white in winter.
- | negation   | Non-vegetarian food is allowed in the lunch box.
- | role       | Those who pay in four instalments get a rebate of 4%.
- | condition  | Two late slips in a month lead to a letter to the parents.
- | name       | The principal is Mrs. Farida Merchant.
- | source     | Receipts for insurance claims are issued by the front desk.
- | invented   | Each class has a parents' evening in every term.
""",
    ),
    *_claims(
        EYE_HI,
        """
+ | paraphrase | ओपीडी की पर्ची के ₹150 लगते हैं और वह दस दिन तक मान्य रहती है।
+ | paraphrase | 60 साल से ऊपर के मरीज़ों को जाँच के लिए लाइन में नहीं लगना पड़ता।
+ | paraphrase | मोतियाबिंद का ऑपरेशन कम से कम ₹18,000 में होता है, जिसमें लेंस की कीमत भी जुड़ी है।
+ | paraphrase | मरीज़ ऑपरेशन वाले दिन ही घर जा सकता है।
+ | paraphrase | चश्मा बनने में पाँच दिन लगते हैं।
+ | paraphrase | चश्मे की वारंटी 6 महीने की है, पर खरोंच पर यह लागू नहीं होती।
+ | paraphrase | डॉ. विनीता दुबे रेटिना के मरीज़ों को बुधवार और शनिवार को देखती हैं।
+ | paraphrase | आपातकालीन सेवा दिन-रात चालू रहती है।
- | negation   | ऑपरेशन के खर्च में दवाइयों का दाम भी शामिल है।
- | number     | ओपीडी पर्ची ₹250 की है।
- | condition  | आयुष्मान कार्ड चश्मे के लिए भी मान्य है।
- | number     | ऑपरेशन से पहले आठ घंटे तक कुछ नहीं खाना चाहिए।
- | role       | ऑपरेशन के अगले दिन मरीज़ को छुट्टी दी जाती है।
- | name       | रेटिना के रोगी डॉ. विनीता चौबे को दिखा सकते हैं।
- | source     | कमरों में हीटर रखना मना है।
- | invented   | बच्चों की आँखों की जाँच स्कूल में भी की जाती है।
""",
    ),
    *_claims(
        ELECTRICITY_HI,
        """
+ | paraphrase | घर के कनेक्शन पर 100 यूनिट तक ₹3.50 प्रति यूनिट की दर लगती है।
+ | paraphrase | दुकानदारों को 101 से 300 यूनिट की खपत पर ₹6.80 प्रति यूनिट चुकाने होते हैं।
+ | paraphrase | बिल जारी होने के बाद उसे भरने के लिए आपके पास 15 दिन होते हैं।
+ | paraphrase | अगर दो महीने तक बिल न भरा जाए तो बिजली का कनेक्शन काट दिया जाएगा।
+ | paraphrase | कटा हुआ कनेक्शन फिर से जुड़वाने के लिए ₹350 देने होंगे।
+ | paraphrase | ऑनलाइन बिल भरने पर 1% की छूट मिलती है, जो अधिकतम ₹250 हो सकती है।
+ | paraphrase | सोलर पैनल पर 40% अनुदान के लिए 30 नवंबर 2026 तक का समय है।
- | role       | घरेलू उपभोक्ताओं को 300 यूनिट से ऊपर ₹7.90 प्रति यूनिट देने होते हैं।
- | number     | देर से भुगतान करने पर 2.5% प्रति माह अधिभार लगता है।
- | negation   | मीटर सही निकलने पर जाँच शुल्क लौटा दिया जाता है।
- | role       | मीटर उपभोक्ता की संपत्ति है।
- | date       | अनुदान की आख़िरी तारीख़ 30 सितंबर 2026 है।
- | role       | कनेक्शन दोबारा जोड़ने का शुल्क ₹200 है।
- | invented   | किसानों को रात में आधी दर पर बिजली मिलती है।
""",
    ),
    *_claims(
        HOSTEL_HI,
        """
+ | paraphrase | साल भर का छात्रावास शुल्क ₹38,000 है और यह दो किस्तों में भरा जाता है।
+ | paraphrase | कमरे को कोई नुकसान न पहुँचा हो तो जाते समय ₹4,000 की अमानत वापस मिल जाती है।
+ | paraphrase | खाने के लिए हर महीने ₹2,600 अलग से देने होते हैं।
+ | paraphrase | शनिवार को छात्राएँ रात साढ़े नौ बजे तक लौट सकती हैं।
+ | paraphrase | मुलाकाती सिर्फ़ रविवार को दोपहर दो से पाँच बजे तक आ सकते हैं।
+ | paraphrase | छात्राएँ अपने कमरे में लैपटॉप रख सकती हैं, पर हीटर नहीं।
+ | paraphrase | घर जाने से पहले अभिभावक की लिखित अनुमति देनी पड़ती है।
- | role       | अमानत राशि ₹2,600 है।
- | condition  | छात्राओं को रोज़ रात 9:30 बजे तक लौटना होता है।
- | negation   | मिलने वाले कमरों में जा सकते हैं।
- | negation   | इंडक्शन चूल्हा कमरे में रखा जा सकता है।
- | number     | शुल्क तीन बराबर किस्तों में लिया जाता है।
- | name       | छात्रावास की वार्डन श्रीमती उषा रावल हैं।
- | source     | डीज़ल किराये में शामिल है।
- | invented   | छात्रावास में योग की कक्षाएँ हर सुबह होती हैं।
""",
    ),
    *_claims(
        TRACTOR_HI,
        """
+ | paraphrase | रोटावेटर सहित ट्रैक्टर लेने पर एक घंटे के ₹1,250 लगते हैं।
+ | paraphrase | ट्रैक्टर के किराये में डीज़ल का खर्च जुड़ा हुआ है।
+ | paraphrase | थ्रेशर के लिए डीज़ल का इंतज़ाम किसान को खुद करना होता है।
+ | paraphrase | बुकिंग कम से कम 2 घंटे के लिए करनी पड़ती है।
+ | paraphrase | अगर बारिश से काम रुक जाए तो बुकिंग मुफ़्त में आगे खिसका दी जाती है।
+ | paraphrase | जिन किसानों के पास पाँच एकड़ से कम ज़मीन है, उन्हें 20 प्रतिशत की रियायत मिलती है।
+ | paraphrase | केंद्र में नकद और यूपीआई दोनों से भुगतान किया जा सकता है।
- | role       | थ्रेशर का किराया ₹1,250 प्रति दिन है।
- | condition  | दस एकड़ से कम ज़मीन वाले किसानों को 20% छूट मिलती है।
- | negation   | यंत्र ज़िले के बाहर भी भेजे जाते हैं।
- | role       | चालक का इंतज़ाम किसान को करना होता है।
- | condition  | ड्रोन से छिड़काव सभी फ़सलों के लिए होता है।
- | name       | केंद्र पूर्णिमा को बंद रहता है।
- | invented   | नए ग्राहकों को पहली बुकिंग पर एक घंटा मुफ़्त मिलता है।
""",
    ),
    *_claims(
        CAB_HING,
        """
+ | paraphrase | City ride mein ₹60 ka base fare lagta hai aur usme teen km included hain.
+ | paraphrase | 3 km ke baad aapko har kilometre ke ₹14 dene honge.
+ | paraphrase | Raat 11 baje se subah 5 baje tak kiraya 25% badh jata hai.
+ | paraphrase | Agar aap booking ke paanch minute ke andar cancel karte hain to kuch nahi katega.
+ | paraphrase | Toll aur parking ka kharcha customer deta hai.
+ | paraphrase | Cab mein zyada se zyada 4 log baith sakte hain.
+ | paraphrase | Bhula hua saamaan 24 ghante ke andar app par report karna hoga.
- | number     | Base fare ₹80 hai.
- | role       | Driver ka bhatta ₹250 roz hai.
- | condition  | Driver 15 minute tak free wait karta hai.
- | role       | Toll aur parking driver deta hai.
- | negation   | Wallet ka paisa bank account mein wapas bheja ja sakta hai.
- | condition  | Pet ke saath safar har cab mein ho sakta hai.
- | source     | Minimum balance na hone par ₹150 lagte hain.
- | invented   | Regular customers ko har mahine ek free ride milti hai.
""",
    ),
)
