# ruff: noqa: E501 - documents and sentences as they come
"""Sentences about fifteen more invented businesses, labelled by hand, without sight of the checker or of other sets."""

from __future__ import annotations

from tests.rag.answering.claims import Claim

LOCKER_HI = """जनसेवा सहकारी बैंक: लॉकर के नियम

छोटे लॉकर का वार्षिक किराया ₹1,800 और बड़े लॉकर का ₹4,200 है। किराया हर साल 30 अप्रैल तक जमा करना होता है; देर होने पर ₹150 प्रति माह विलंब शुल्क लगता है।
लॉकर लेने के लिए आधार कार्ड, पैन कार्ड और दो पासपोर्ट आकार के फ़ोटो चाहिए। लॉकर साल में 12 बार मुफ़्त खोला जा सकता है, उसके बाद हर बार ₹80 लगते हैं।
चाबी खो जाने पर ताला तोड़ने का पूरा खर्च ग्राहक को देना होगा। लॉकर में हथियार और ज्वलनशील पदार्थ रखना मना है। लॉकर कक्ष दूसरे और चौथे शनिवार को बंद रहता है। नामांकन फ़ॉर्म SL-7 शाखा प्रबंधक के पास मिलता है।"""

DENTAL = """Muskaan Dental Care, Kochi: price list

Treatment | Price | Sittings | Dentist
Scaling and polishing | ₹900 | 1 | Dr. Anitha Varghese
Root canal | ₹4,500 | 3 | Dr. Faisal Rahman
Ceramic crown | ₹6,800 | 2 | Dr. Faisal Rahman
Wisdom tooth removal | ₹5,200 | 1 | Dr. Nirmala Pillai

X-rays are included in the price of a root canal. The first consultation costs ₹250 and is adjusted against treatment begun within 15 days. Ceramic crowns carry a warranty of 5 years. We do not offer braces. Appointments missed without a call are charged ₹200."""

FIBRE = """# TezNet Fibre plans

| Plan | Speed | Monthly rent | Data limit | OTT |
|---|---|---|---|---|
| Udaan | 40 Mbps | ₹399 | 1,000 GB | none |
| Raftaar | 100 Mbps | ₹649 | 3,300 GB | ManoTV |
| Toofan | 300 Mbps | ₹1,149 | unlimited | ManoTV and CineBox |

Prices exclude 18% GST. Once the data limit is used up, the speed falls to 4 Mbps. Installation costs ₹1,000 and is free with a six-month advance payment. The router remains the property of TezNet and must be returned on disconnection. Complaints are attended to within 48 hours. Static IP addresses are available only on the Toofan plan."""

FITNESS = """IronLeaf Fitness, Coimbatore: membership terms

A monthly membership costs ₹1,400 and a half-yearly membership costs ₹6,900. A joining fee of ₹500 is charged once and is not refundable. Memberships may be paused for medical reasons only, for up to 45 days, against a doctor's certificate.
Steam baths are open on Tuesdays and Fridays. Zumba classes are led by Preethi Raman every evening at 7 pm. Indoor shoes are compulsory on the training floor. Visitors may try the gym once for free. Personal trainers from outside are not permitted."""

WEDDING_HI = """राजवाड़ा मैरिज हॉल, उज्जैन

मुख्य हॉल में 600 मेहमान और लॉन में 1,100 मेहमान बैठ सकते हैं। मुख्य हॉल का एक दिन का किराया ₹85,000 और लॉन का ₹1,20,000 है। बुकिंग के समय 25% अग्रिम देना होता है और बाकी रकम समारोह से 10 दिन पहले।
समारोह से 60 दिन पहले तक रद्द करने पर आधा अग्रिम लौटाया जाता है, उसके बाद कुछ नहीं लौटाया जाता। बाहर के हलवाई लाए जा सकते हैं, पर सजावट हमारी टीम ही करती है। डीजे रात 10 बजे बंद करना अनिवार्य है।
परिसर में शराब परोसने की अनुमति नहीं है। 150 गाड़ियों की पार्किंग मुफ़्त है। बुकिंग के लिए श्री महेश तिवारी से मिलें।"""

LAUNDRY_HING = """DhuliDhulai App – FAQ

Pickup subah 8 baje se raat 9 baje tak hota hai, Sunday ko bhi. Minimum order ₹249 ka hona chahiye, warna ₹40 delivery charge lagega.
Normal wash 48 ghante mein wapas milta hai aur express wash 12 ghante mein, lekin express ka rate double hai. Shirt ki dry cleaning ₹90 ki hai aur saree ki ₹220 ki.
Leather jackets hum nahi lete. Kapda kharab ho jaye to dhulai ke rate ka 8 guna tak refund milta hai, claim 2 din ke andar app mein daalna hoga. Payment UPI ya cash se kar sakte hain, card abhi nahi chalta. Coupon NAYA60 se pehle order par ₹60 ki chhoot milti hai."""

PHARMACY = """Arogya Medicals: return policy

Sealed strips of medicine may be returned within 15 days with the original bill. Cut strips, insulin and other refrigerated items are never taken back. Baby food can be exchanged within 7 days if the tin is unopened.
Refunds below ₹500 are paid in cash at the counter; larger refunds go to the customer's bank account within 4 working days. Medical devices are handled by the manufacturer under its own warranty. Schedule H medicines are sold only against a valid prescription. Home delivery is free within 3 km of the shop in Jayanagar. Our pharmacist, Ms. Rekha Shetty, is available from 9 am to 2 pm."""

BUS_HI = """मालवा एक्सप्रेस बस सेवा

बस | चलने का समय | किराया | दिन
इंदौर–उदयपुर | रात 8:15 | ₹780 | रोज़
इंदौर–नागपुर | शाम 6:40 | ₹920 | रोज़
इंदौर–सूरत | रात 10:30 | ₹860 | रविवार छोड़कर

यात्रा से 12 घंटे पहले तक टिकट रद्द करने पर 15% कटौती होती है; उसके बाद किराया वापस नहीं मिलता। हर यात्री 20 किलो सामान मुफ़्त ले जा सकता है। पालतू जानवरों को बस में ले जाने की अनुमति नहीं है। वरिष्ठ नागरिकों को किराये में 10% छूट मिलती है। सभी बसें तीन इमली चौराहे से चलती हैं। बस छूटने से 20 मिनट पहले पहुँचना ज़रूरी है।"""

PHOTO = """Chhaya Photo Studio: rates

Item | Size | Copies | Price | Ready in
Indian passport photo | 35 × 45 mm | 8 | ₹100 | 15 minutes
US visa photo | 51 × 51 mm | 4 | ₹180 | 30 minutes
Stamp-size photo | 20 × 25 mm | 16 | ₹80 | 15 minutes
Family portrait | 8 × 10 inch | 1 | ₹450 | 2 days

Digital copies are e-mailed for ₹50 extra. Negatives and files are kept for 90 days and then deleted. Photos for visas are taken against a white background without spectacles. Old photos are restored by Mr. Joseph D'Souza, starting at ₹350. The studio is closed on Mondays. We do not shoot weddings."""

LIBRARY_HI = """सरस्वती सार्वजनिक पुस्तकालय

वार्षिक सदस्यता शुल्क ₹300 है और विद्यार्थियों के लिए ₹120। एक बार में अधिकतम 3 किताबें 14 दिन के लिए मिलती हैं। किताब देर से लौटाने पर ₹2 प्रति दिन जुर्माना लगता है।
संदर्भ ग्रंथ और पत्रिकाएँ घर नहीं ले जाई जा सकतीं। वाचनालय सुबह 7 बजे से रात 9 बजे तक खुला रहता है और गुरुवार को बंद रहता है। सदस्यता के लिए निवास प्रमाण पत्र और ₹500 की सुरक्षा जमा राशि देनी होती है, जो सदस्यता छोड़ने पर लौटा दी जाती है।
खोई हुई किताब के बदले उसका दुगना मूल्य देना पड़ता है। बच्चों के लिए कहानी सत्र हर महीने के पहले रविवार को होता है। पुस्तकालय की प्रभारी श्रीमती कल्पना जोशी हैं।"""

WATER_HI = """नगर निगम, जलापूर्ति सूचना (क्रमांक JN-214)

पाइपलाइन की मरम्मत के कारण 18 जून 2026 को वार्ड 6 और वार्ड 9 में पानी की आपूर्ति बंद रहेगी। 19 जून को सुबह 11 बजे से आपूर्ति कम दबाव से शुरू होगी।
ज़रूरत पड़ने पर टैंकर के लिए 0731-555-0188 पर फ़ोन करें; घरेलू उपभोक्ताओं के लिए टैंकर निःशुल्क है, व्यावसायिक उपभोक्ताओं से ₹700 लिए जाएँगे। नागरिक पानी उबालकर पिएँ।
जल कर 31 जुलाई 2026 तक भरने पर 6% की छूट मिलेगी। अवैध कनेक्शन पर ₹5,000 का जुर्माना है। मोटर सीधे मुख्य लाइन से जोड़ना प्रतिबंधित है। शिकायतें सहायक अभियंता श्री देवेंद्र राठौर के कार्यालय में दी जा सकती हैं।"""

RECHARGE_HI = """गुप्ता मोबाइल रिचार्ज केंद्र

प्लान | कीमत | वैधता | रोज़ का डेटा
चिड़िया 199 | ₹199 | 24 दिन | 1 GB
हंस 349 | ₹349 | 28 दिन | 2 GB
गरुड़ 899 | ₹899 | 84 दिन | 2.5 GB

सभी प्लान में असीमित कॉल मिलती है। रिचार्ज असफल होने पर पैसा 3 दिन में खाते में लौट आता है। नया सिम लेने के लिए आधार कार्ड ज़रूरी है और सिम 4 घंटे में चालू होता है। गलत नंबर पर हुआ रिचार्ज वापस नहीं होता। दुकान पर बिजली का बिल भी भरा जाता है, जिस पर ₹10 सेवा शुल्क है। पुराने फ़ोन की मरम्मत यहाँ नहीं होती।"""

COWORK = """Nukkad Cowork, Pune

A hot desk costs ₹5,500 a month and a dedicated desk costs ₹8,200 a month. Day passes are sold for ₹450. Members get 6 hours of meeting-room time a month; additional hours are ₹300 each.
The space is open round the clock for dedicated desks, but hot desks may be used only from 8 am to 8 pm. A deposit of one month's rent is refunded within 21 days of leaving. Notice of 30 days must be given by e-mail to the community manager, Sneha Kulkarni. Guests must sign in at the reception. Printing is free up to 100 pages a month. Company registration at our address is allowed for dedicated desks only."""

COACHING = """Ekagra Coaching, Kota: rules for the 2026-27 session

The foundation batch starts on 6 April 2026 and the dropper batch on 22 June 2026. Fees are payable in three instalments, the first of which is due at admission. Students who leave within 10 days of joining receive 70% of the first instalment back; nothing is refunded afterwards.
The scholarship test EKA-ST is held on 15 March 2026. Those who score above 90% pay half the fee. Mock tests are held every Saturday, and parents receive the marks by SMS. Mobile phones are not allowed in classrooms. Doubt sessions with Mr. Arvind Saxena take place on Wednesdays. Hostel accommodation is not provided, but the office keeps a list of hostels nearby."""

DRIVING = """Sarathi Motor Driving School, Lucknow

The car course lasts 21 days with one hour of driving a day and costs ₹6,000. The scooter course lasts 7 days and costs ₹2,200. Learners must be at least 18 years old for the car course and must hold a learner's licence.
Lady instructors are available in the morning batches only. Fuel is included in the fee, but the RTO fee is not. A missed lesson can be made up once if you inform us the previous evening. The simulator is used in the first two lessons. Form LL-3 must be carried to every lesson. The school car is a white hatchback fitted with dual controls."""


def _rows(source: str, rows: str) -> list[Claim]:
    parts = (row.split("|", 2) for row in rows.strip().splitlines())
    return [Claim(source, text.strip(), mark.strip() == "+", kind.strip()) for mark, kind, text in parts]


FRESH_CLAIMS: tuple[Claim, ...] = (
    *_rows(
        LOCKER_HI,
        """
+|verbatim|छोटे लॉकर का वार्षिक किराया ₹1,800 है।
+|paraphrase|बड़े लॉकर के लिए आपको साल भर के ₹4,200 देने होंगे।
+|paraphrase|अगर आप किराया समय पर नहीं भरते, तो हर महीने ₹150 विलंब शुल्क देना पड़ेगा।
+|reordered|आधार कार्ड, पैन कार्ड और पासपोर्ट आकार के दो फ़ोटो लॉकर लेने के लिए ज़रूरी हैं।
+|paraphrase|साल में बारह बार लॉकर खोलने का कोई शुल्क नहीं है।
+|merged|लॉकर में हथियार नहीं रखे जा सकते, और चाबी खोने पर ताला तुड़वाने का खर्च ग्राहक उठाता है।
+|paraphrase|नामांकन के लिए SL-7 फ़ॉर्म आपको शाखा प्रबंधक से मिल जाएगा।
+|paraphrase|महीने के दूसरे और चौथे शनिवार को लॉकर कक्ष नहीं खुलता।
-|figure|तय सीमा के बाद लॉकर हर बार खोलने पर ₹50 लगते हैं।
-|date|लॉकर का किराया हर साल 30 जून तक जमा करना होता है।
-|turned|चाबी खो जाने पर ताला तोड़ने का खर्च बैंक उठाता है।
-|turned|लॉकर में ज्वलनशील पदार्थ रखे जा सकते हैं।
-|name|नामांकन के लिए फ़ॉर्म SL-9 भरना होता है।
-|word|लॉकर लेने के लिए आधार कार्ड, राशन कार्ड और दो फ़ोटो चाहिए।
-|swapped|छोटे लॉकर का किराया ₹4,200 और बड़े लॉकर का ₹1,800 है।
-|invented|लॉकर में रखे गहनों का बैंक की ओर से बीमा होता है।
""",
    ),
    *_rows(
        DENTAL,
        """
+|table|Scaling and polishing costs ₹900 and takes a single sitting.
+|table|A root canal is done by Dr. Faisal Rahman in three sittings.
+|table|Dr. Nirmala Pillai performs wisdom tooth removals.
+|paraphrase|You do not pay extra for X-rays when you have a root canal.
+|paraphrase|The ₹250 charged for your first consultation is set off against treatment you begin within 15 days.
+|paraphrase|The clinic gives a five-year warranty on ceramic crowns.
+|turned-same|Braces are not available at this clinic.
+|table|For ₹6,800 you can get a ceramic crown.
-|figure|A ceramic crown costs ₹6,300.
-|swapped|Wisdom tooth removal costs ₹4,500.
-|swapped|Scaling and polishing is done by Dr. Nirmala Pillai.
-|swapped|A ceramic crown needs three sittings.
-|turned|X-rays are billed separately from a root canal.
-|word|The first consultation fee is adjusted against treatment begun within 15 weeks.
-|turned|If you miss an appointment without calling, there is no charge.
-|invented|The clinic offers teeth whitening at a festive discount.
-|figure|Missing an appointment without a call costs ₹300.
""",
    ),
    *_rows(
        FIBRE,
        """
+|table|The Raftaar plan gives you 100 Mbps for ₹649 a month.
+|table|Toofan has no data limit.
+|table|With Udaan, you get 1,000 GB of data at 40 Mbps.
+|table|No OTT subscription comes with the Udaan plan.
+|paraphrase|GST of 18% is added to the listed prices.
+|paraphrase|After you exhaust your data limit, your connection slows down to 4 Mbps.
+|paraphrase|If you pay six months in advance, you are not charged for installation.
+|paraphrase|You have to give the router back when you disconnect, because it belongs to TezNet.
+|table|CineBox is included only in the Toofan plan.
-|swapped|The Raftaar plan costs ₹1,149 a month.
-|swapped|The Udaan plan includes ManoTV.
-|figure|Toofan offers a speed of 500 Mbps.
-|turned|The monthly prices already include GST.
-|turned|You may keep the router after disconnecting.
-|name|Static IP addresses are available only on the Raftaar plan.
-|figure|Complaints are attended to within 24 hours.
-|word|Installation is free if you pay for six weeks in advance.
-|invented|TezNet lets you switch between plans once a month at no cost.
""",
    ),
    *_rows(
        FITNESS,
        """
+|verbatim|A monthly membership costs ₹1,400.
+|paraphrase|Half a year of membership is priced at ₹6,900.
+|paraphrase|The one-time joining fee of ₹500 will not be returned.
+|paraphrase|With a doctor's certificate, you can pause your membership on medical grounds for a maximum of 45 days.
+|reordered|Every evening at 7 pm, Preethi Raman leads Zumba classes.
+|paraphrase|You must wear indoor shoes on the training floor.
+|merged|You can try the gym free of charge once, but you cannot bring your own personal trainer from outside.
+|paraphrase|On Tuesdays and Fridays, members can use the steam baths.
-|figure|The half-yearly membership costs ₹9,600.
-|word|The joining fee of ₹500 is charged every year.
-|turned|You can pause your membership for a holiday.
-|word|Steam baths are open on Tuesdays and Sundays.
-|name|Zumba classes are led by Preethi Nair.
-|turned|Outside personal trainers are welcome at the gym.
-|word|A pause needs an employer's certificate.
-|elsewhere|Guests must sign in at the reception.
-|invented|Students receive a 20% discount on the half-yearly membership.
""",
    ),
    *_rows(
        WEDDING_HI,
        """
+|paraphrase|मुख्य हॉल की क्षमता 600 मेहमानों की है।
+|paraphrase|लॉन एक दिन के लिए ₹1,20,000 में किराये पर मिलता है।
+|paraphrase|बुकिंग करते समय एक चौथाई रकम अग्रिम जमा करनी होती है।
+|paraphrase|शेष राशि समारोह से दस दिन पहले चुकानी होती है।
+|merged|अपने हलवाई आप बाहर से ला सकते हैं, लेकिन शराब परोसना मना है।
+|paraphrase|रात 10 बजे डीजे बंद करना ज़रूरी है।
+|paraphrase|पार्किंग में 150 गाड़ियाँ बिना शुल्क खड़ी की जा सकती हैं।
+|paraphrase|अगर आप समारोह से कम से कम 60 दिन पहले बुकिंग रद्द करें, तो अग्रिम का आधा हिस्सा वापस मिलेगा।
-|swapped|मुख्य हॉल में 1,100 मेहमान बैठ सकते हैं।
-|figure|मुख्य हॉल का एक दिन का किराया ₹95,000 है।
-|turned|सजावट के लिए आप बाहर की टीम बुला सकते हैं।
-|turned|परिसर में शराब परोसी जा सकती है।
-|figure|डीजे रात 11 बजे तक चल सकता है।
-|name|बुकिंग के लिए श्री महेश त्रिपाठी से मिलें।
-|turned|समारोह से 60 दिन पहले तक रद्द करने पर पूरा अग्रिम लौटाया जाता है।
-|invented|दूल्हा-दुल्हन के लिए एक वातानुकूलित कमरा मुफ़्त मिलता है।
-|word|बाकी रकम समारोह के 10 दिन बाद देनी होती है।
""",
    ),
    *_rows(
        LAUNDRY_HING,
        """
+|paraphrase|Sunday ko bhi pickup hota hai, subah 8 se raat 9 baje tak.
+|paraphrase|₹249 se kam ke order par ₹40 ka delivery charge dena padega.
+|verbatim|Normal wash 48 ghante mein wapas milta hai.
+|paraphrase|Express wash 12 ghante mein mil jata hai, par uska rate dugna hai.
+|paraphrase|Saree dry clean karwane ke ₹220 lagte hain.
+|paraphrase|DhuliDhulai leather jackets accept nahi karta.
+|merged|Aap UPI ya cash se pay kar sakte hain, aur pehle order par NAYA60 coupon lagakar ₹60 bacha sakte hain.
+|paraphrase|Agar kapda kharab ho jaye to aapko 2 din ke andar app mein claim daalna hoga.
-|figure|Express wash 24 ghante mein wapas milta hai.
-|swapped|Shirt ki dry cleaning ₹220 ki hai.
-|turned|Aap card se bhi payment kar sakte hain.
-|turned|Sunday ko pickup nahi hota.
-|name|Pehle order par coupon NAYA80 lagaiye.
-|figure|Kapda kharab hone par dhulai ke rate ka 10 guna tak refund milta hai.
-|word|Claim 2 hafte ke andar app mein daal sakte hain.
-|word|NAYA60 coupon har order par chalta hai.
-|invented|Monthly subscription lene par pickup free ho jata hai.
""",
    ),
    *_rows(
        PHARMACY,
        """
+|verbatim|Sealed strips of medicine may be returned within 15 days with the original bill.
+|paraphrase|Insulin cannot be returned.
+|paraphrase|An unopened tin of baby food can be exchanged within a week.
+|paraphrase|If your refund is under ₹500, you receive it in cash at the counter.
+|paraphrase|You need a valid prescription to buy Schedule H medicines.
+|paraphrase|Arogya Medicals delivers to your home at no charge if you live within 3 km of its Jayanagar shop.
+|reordered|From 9 am to 2 pm, you can speak to the pharmacist, Ms. Rekha Shetty.
+|paraphrase|Warranty matters for medical devices are dealt with by their manufacturer.
-|figure|Sealed strips may be returned within 30 days.
-|turned|Cut strips are taken back if you bring the bill.
-|turned|Baby food can be exchanged within 7 days even after the tin has been opened.
-|word|Refunds below ₹500 are paid by cheque at the counter.
-|figure|Larger refunds reach the customer's bank account within 14 working days.
-|name|The pharmacist's name is Ms. Rekha Hegde.
-|name|Home delivery is free within 3 km of the shop in Malleshwaram.
-|turned|Schedule H medicines are sold without a prescription.
-|invented|Senior citizens get 12% off all medicines.
""",
    ),
    *_rows(
        BUS_HI,
        """
+|table|इंदौर से उदयपुर की बस रोज़ रात 8:15 बजे चलती है।
+|table|इंदौर–नागपुर बस का किराया ₹920 है।
+|table|सूरत जाने वाली बस रविवार को नहीं चलती।
+|paraphrase|यात्रा से कम से कम 12 घंटे पहले टिकट रद्द कराने पर किराये का 15% काटा जाता है।
+|paraphrase|आप 20 किलो तक सामान बिना शुल्क ले जा सकते हैं।
+|paraphrase|बस में पालतू जानवर ले जाना मना है।
+|paraphrase|वरिष्ठ नागरिकों के लिए किराया 10% कम है।
+|paraphrase|यात्रियों को बस के समय से 20 मिनट पहले पहुँच जाना चाहिए।
-|swapped|इंदौर–सूरत बस शाम 6:40 बजे चलती है।
-|swapped|उदयपुर का किराया ₹860 है।
-|figure|नागपुर की बस का किराया ₹720 है।
-|word|इंदौर–सूरत बस शनिवार छोड़कर बाकी सब दिन चलती है।
-|turned|यात्रा से 5 घंटे पहले टिकट रद्द करने पर भी 85% किराया वापस मिलता है।
-|word|विद्यार्थियों को किराये में 10% छूट मिलती है।
-|name|सभी बसें सरवटे बस अड्डे से चलती हैं।
-|invented|हर सीट पर मोबाइल चार्ज करने की सुविधा है।
""",
    ),
    *_rows(
        PHOTO,
        """
+|table|Eight Indian passport photos cost ₹100.
+|table|US visa photos measure 51 × 51 mm and are ready in half an hour.
+|table|You get 16 stamp-size photos for ₹80.
+|table|A family portrait is ready after two days.
+|paraphrase|For an additional ₹50, the studio e-mails you the digital copies.
+|paraphrase|Files are deleted after being stored for 90 days.
+|paraphrase|You have to take off your spectacles for visa photos.
+|paraphrase|Mr. Joseph D'Souza restores old photos from ₹350 upwards.
+|turned-same|The studio does not cover weddings.
-|swapped|Four Indian passport photos cost ₹180.
-|swapped|Stamp-size photos measure 35 × 45 mm.
-|figure|A family portrait costs ₹550.
-|word|The studio is closed on Thursdays.
-|word|Visa photos are taken against a blue background.
-|turned|Digital copies are e-mailed at no extra cost.
-|name|Old photos are restored by Mr. Joseph Fernandes.
-|figure|Negatives are kept for 60 days.
-|invented|Photos can be framed in teak wood on request.
""",
    ),
    *_rows(
        LIBRARY_HI,
        """
+|paraphrase|विद्यार्थियों को सालाना सदस्यता के लिए ₹120 देने होते हैं।
+|paraphrase|आप एक समय में तीन से ज़्यादा किताबें नहीं ले सकते।
+|paraphrase|देरी से लौटाई गई किताब पर रोज़ ₹2 का जुर्माना देना होता है।
+|paraphrase|पत्रिकाएँ और संदर्भ ग्रंथ घर ले जाने की अनुमति नहीं है।
+|verbatim|वाचनालय सुबह 7 बजे से रात 9 बजे तक खुला रहता है।
+|paraphrase|सदस्यता छोड़ते समय ₹500 की जमा राशि वापस मिल जाती है।
+|paraphrase|किताब खो जाने पर उसके मूल्य की दुगनी रकम चुकानी होगी।
+|paraphrase|श्रीमती कल्पना जोशी पुस्तकालय की प्रभारी हैं।
-|figure|किताबें 21 दिन के लिए मिलती हैं।
-|swapped|विद्यार्थियों के लिए सदस्यता ₹300 की है।
-|turned|संदर्भ ग्रंथ घर ले जाए जा सकते हैं।
-|word|वाचनालय शुक्रवार को बंद रहता है।
-|turned|सुरक्षा जमा राशि वापस नहीं की जाती।
-|word|कहानी सत्र हर हफ़्ते रविवार को होता है।
-|word|सदस्यता के लिए आय प्रमाण पत्र देना होता है।
-|name|पुस्तकालय की प्रभारी श्रीमती कल्पना शर्मा हैं।
-|invented|पुस्तकालय में कंप्यूटर और इंटरनेट की सुविधा मुफ़्त है।
""",
    ),
    *_rows(
        WATER_HI,
        """
+|paraphrase|18 जून 2026 को वार्ड 6 और 9 में पानी नहीं आएगा।
+|paraphrase|आपूर्ति बंद रहने का कारण पाइपलाइन की मरम्मत है।
+|paraphrase|अगले दिन, 19 जून को सुबह 11 बजे से कम दबाव के साथ पानी मिलने लगेगा।
+|paraphrase|घरेलू उपभोक्ताओं को टैंकर का कोई पैसा नहीं देना होगा।
+|paraphrase|पीने से पहले पानी उबाल लें।
+|reordered|6% की छूट उन्हें मिलेगी जो 31 जुलाई 2026 तक जल कर भर देंगे।
+|paraphrase|अवैध कनेक्शन पाए जाने पर ₹5,000 का दंड है।
+|paraphrase|मुख्य लाइन से सीधे मोटर जोड़ने की मनाही है।
-|date|वार्ड 6 और वार्ड 9 में पानी की आपूर्ति 28 जून 2026 को बंद रहेगी।
-|figure|वार्ड 16 में 18 जून को पानी बंद रहेगा।
-|turned|19 जून को आपूर्ति पूरे दबाव से शुरू होगी।
-|swapped|घरेलू उपभोक्ताओं से टैंकर के ₹700 लिए जाएँगे और व्यावसायिक उपभोक्ताओं को यह निःशुल्क मिलेगा।
-|figure|टैंकर के लिए 0731-555-0198 पर फ़ोन करें।
-|word|संपत्ति कर 31 जुलाई 2026 तक भरने पर 6% की छूट मिलेगी।
-|name|शिकायतें सहायक अभियंता श्री देवेंद्र चौहान के कार्यालय में दें।
-|date|जल कर पर छूट 31 अगस्त 2026 तक मिलेगी।
-|invented|मरम्मत के दौरान शहर के सभी स्कूल बंद रहेंगे।
""",
    ),
    *_rows(
        RECHARGE_HI,
        """
+|table|हंस 349 प्लान 28 दिन चलता है और रोज़ 2 GB डेटा देता है।
+|table|गरुड़ 899 की वैधता 84 दिन है।
+|table|₹199 वाले प्लान में प्रतिदिन 1 GB डेटा मिलता है।
+|paraphrase|हर प्लान में कॉल असीमित हैं।
+|paraphrase|रिचार्ज विफल हो जाए तो तीन दिन में पैसा आपके खाते में वापस आ जाता है।
+|paraphrase|नया सिम चार घंटे में चालू हो जाता है।
+|paraphrase|आप यहाँ बिजली का बिल भी भर सकते हैं, जिसके लिए ₹10 सेवा शुल्क लगता है।
+|paraphrase|यह दुकान पुराने फ़ोन ठीक नहीं करती।
-|swapped|चिड़िया 199 की वैधता 28 दिन है।
-|swapped|हंस 349 में रोज़ 2.5 GB डेटा मिलता है।
-|figure|गरुड़ प्लान ₹999 का है।
-|turned|गलत नंबर पर हुआ रिचार्ज वापस कराया जा सकता है।
-|word|नया सिम लेने के लिए वोटर कार्ड ज़रूरी है।
-|turned|बिजली का बिल भरने पर कोई सेवा शुल्क नहीं है।
-|figure|असफल रिचार्ज का पैसा 7 दिन में लौटता है।
-|word|दुकान पर गैस का बिल भरा जाता है।
-|invented|हर रिचार्ज पर 5% कैशबैक मिलता है।
""",
    ),
    *_rows(
        COWORK,
        """
+|paraphrase|You pay ₹5,500 per month for a hot desk.
+|paraphrase|A dedicated desk is available for ₹8,200 monthly.
+|paraphrase|Members can use the meeting room for six hours each month, and each further hour costs ₹300.
+|paraphrase|Hot desks cannot be used after 8 pm.
+|paraphrase|Dedicated-desk members can work there at any hour of the day or night.
+|paraphrase|When you leave, your deposit is returned within 21 days.
+|paraphrase|You must send a 30-day notice by e-mail to Sneha Kulkarni, the community manager.
+|paraphrase|Visitors have to sign in at the reception.
+|paraphrase|If you have a dedicated desk, you may register your company at this address.
-|swapped|A hot desk costs ₹8,200 a month.
-|figure|A day pass costs ₹550.
-|turned|Hot desks are open 24 hours a day.
-|word|The deposit equals one year's rent.
-|turned|Holders of a hot desk may register a company at the address.
-|figure|Printing is free up to 200 pages a month.
-|word|Notice must be given by registered post.
-|name|The community manager is Sneha Deshpande.
-|invented|Tea and coffee are free for all members.
""",
    ),
    *_rows(
        COACHING,
        """
+|paraphrase|Classes for the foundation batch begin on 6 April 2026.
+|paraphrase|The dropper batch starts on 22 June 2026.
+|paraphrase|The fee is split into three instalments, and the first must be paid on admission.
+|paraphrase|If you leave in the first 10 days, you get back 70% of your first instalment.
+|reordered|On 15 March 2026, Ekagra holds its scholarship test, EKA-ST.
+|paraphrase|Scoring more than 90% in the scholarship test halves your fee.
+|paraphrase|There is a mock test each Saturday, and the marks are sent to parents by SMS.
+|merged|Ekagra has no hostel of its own, though the office can show you a list of nearby hostels.
-|swapped|The dropper batch starts on 6 April 2026.
-|date|The scholarship test takes place on 25 March 2026.
-|figure|Students who leave within 10 days get 50% of the first instalment back.
-|turned|Students may use mobile phones in classrooms.
-|word|Mock tests are held every Sunday.
-|word|Parents receive the marks by post.
-|name|Doubt sessions are taken by Mr. Arvind Bhatnagar.
-|turned|The institute provides hostel accommodation.
-|turned|The first instalment is due a month after admission.
-|invented|All study material is printed in Hindi and English.
""",
    ),
    *_rows(
        DRIVING,
        """
+|paraphrase|The car course costs ₹6,000 and runs for 21 days.
+|paraphrase|You can learn to ride a scooter in seven days for ₹2,200.
+|paraphrase|To take the car course, you need a learner's licence and must be 18 or older.
+|paraphrase|Women instructors teach only in the morning batches.
+|paraphrase|You pay nothing extra for fuel.
+|paraphrase|The RTO fee has to be paid on top of the course fee.
+|paraphrase|You use the simulator in your first two lessons.
+|paraphrase|Bring Form LL-3 to each lesson.
-|swapped|The scooter course lasts 21 days.
-|figure|The car course includes two hours of driving a day.
-|turned|Fuel is charged separately.
-|word|Lady instructors are available in the evening batches only.
-|name|Form LL-8 must be carried to every lesson.
-|word|The simulator is used in the last two lessons.
-|turned|A missed lesson cannot be made up, even if you tell us the evening before.
-|figure|Learners must be at least 16 years old for the car course.
-|elsewhere|Memberships can be paused for up to 45 days against a doctor's certificate.
-|invented|The school picks learners up from their homes.
""",
    ),
    *_rows(
        LOCKER_HI, "-|elsewhere|वार्षिक सदस्यता शुल्क ₹300 है।\n+|paraphrase|विलंब शुल्क से बचने के लिए किराया 30 अप्रैल तक भर दें।"
    ),
    *_rows(
        DENTAL,
        "-|elsewhere|Refunds below ₹500 are paid in cash at the counter.\n+|table|Removing a wisdom tooth costs ₹5,200.\n+|paraphrase|If you do not turn up and do not call, you will be charged ₹200.",
    ),
    *_rows(
        FIBRE,
        "-|elsewhere|A deposit of one month's rent is refunded within 21 days of leaving.\n+|paraphrase|TezNet deals with complaints in at most two days.",
    ),
    *_rows(FITNESS, "+|turned-same|Memberships cannot be paused for reasons that are not medical."),
    *_rows(
        WEDDING_HI,
        "-|elsewhere|वरिष्ठ नागरिकों को 10% छूट मिलती है।\n+|paraphrase|सजावट का काम हॉल की अपनी टीम करती है।\n+|paraphrase|बुकिंग के सिलसिले में श्री महेश तिवारी से संपर्क करें।",
    ),
    *_rows(
        LAUNDRY_HING,
        "-|elsewhere|Recharge fail hone par paisa 3 din mein wapas aata hai.\n+|paraphrase|Filhaal card se payment nahi ho sakta.\n+|paraphrase|Ek shirt dry clean karane par ₹90 lagenge.",
    ),
    *_rows(
        PHARMACY,
        "-|elsewhere|Digital copies are e-mailed for ₹50 extra.\n+|paraphrase|Refunds of more than ₹500 are transferred to your bank account in up to 4 working days.",
    ),
    *_rows(
        BUS_HI,
        "-|elsewhere|चाबी खो जाने पर पूरा खर्च ग्राहक को देना होगा।\n+|paraphrase|तीन इमली चौराहा सभी बसों के चलने की जगह है।\n+|table|सूरत का किराया ₹860 है और बस रात साढ़े दस बजे निकलती है।",
    ),
    *_rows(PHOTO, "-|elsewhere|Scaling and polishing costs ₹900.\n+|paraphrase|The studio does not open on Mondays."),
    *_rows(
        LIBRARY_HI,
        "-|elsewhere|परिसर में शराब परोसने की अनुमति नहीं है।\n+|paraphrase|महीने के पहले रविवार को बच्चों को कहानियाँ सुनाने का सत्र रखा जाता है।\n+|merged|गुरुवार को वाचनालय नहीं खुलता, और सदस्य बनने के लिए निवास प्रमाण पत्र देना पड़ता है।",
    ),
    *_rows(
        WATER_HI,
        "-|elsewhere|बिजली का बिल भरने पर ₹10 सेवा शुल्क लगता है।\n+|paraphrase|व्यावसायिक उपभोक्ताओं को टैंकर के लिए ₹700 चुकाने होंगे।\n+|paraphrase|सहायक अभियंता श्री देवेंद्र राठौर के दफ़्तर में शिकायत की जा सकती है।",
    ),
    *_rows(
        RECHARGE_HI,
        "-|elsewhere|हर यात्री 20 किलो सामान मुफ़्त ले जा सकता है।\n+|paraphrase|सिम खरीदते समय आधार कार्ड दिखाना अनिवार्य है।\n+|paraphrase|अगर रिचार्ज गलत नंबर पर हो जाए, तो रकम नहीं लौटाई जाती।",
    ),
    *_rows(
        COWORK,
        "-|elsewhere|Once the data limit is used up, the speed falls to 4 Mbps.\n+|paraphrase|A pass for one day can be bought for ₹450.",
    ),
    *_rows(
        COACHING,
        "-|elsewhere|Indoor shoes are compulsory.\n+|paraphrase|You can clear your doubts with Mr. Arvind Saxena on Wednesdays.\n+|paraphrase|Phones are banned in the classrooms.",
    ),
    *_rows(
        DRIVING,
        "+|paraphrase|You can make up a lesson you missed once, provided that you tell the school the evening before.\n+|paraphrase|The school's car, a white hatchback, has dual controls.",
    ),
)
