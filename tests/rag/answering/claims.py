# ruff: noqa: E501 - documents and sentences as they come
"""Sentences about invented businesses, labelled by hand: does the source support them?"""

from __future__ import annotations

from dataclasses import dataclass

RETURNS = """Returns and refunds

Unopened kitchen appliances can be returned within 10 days of delivery. Opened appliances cannot be returned unless they are faulty.
Refunds are paid to the original payment method within 7 working days. Shipping charges of ₹1,250 are not refunded.
For questions write to care@suryamixers.example or call 1800-555-0142. The warranty on the Surya M3 mixer lasts 24 months."""

TUITION = """Fees for 2026

Course | Monthly fee | Batch
Class 9 Mathematics | ₹2,400 | 5:00 pm
Class 10 Mathematics | ₹2,800 | 6:30 pm
Class 12 Physics | ₹3,600 | 7:30 am

Admissions close on 15 April 2026. A sibling discount of 15% is given on the monthly fee. The institute does not offer hostel rooms. Classes are held in Indore and Bhopal."""

CLINIC_HI = """नियुक्ति और शुल्क

परामर्श शुल्क ₹600 है और यह 5 दिनों तक मान्य रहता है। क्लिनिक सोमवार से शनिवार सुबह 9 बजे से शाम 7 बजे तक खुला रहता है।
रविवार को क्लिनिक बंद रहता है। नियुक्ति रद्द करने पर शुल्क वापस नहीं किया जाता। रक्त जाँच की रिपोर्ट 24 घंटे में मिलती है।
बीमा कार्ड स्वीकार किए जाते हैं, लेकिन उधार नहीं दिया जाता। टीकाकरण शिविर 12 मार्च 2026 को लगेगा।"""

HOTEL = """Neelgiri Homestay: house rules

Check-in starts at 1 pm and check-out is at 11 am. Breakfast is included in the room price. Pets are not allowed in the rooms, but they may stay in the garden house.
Cancellation is free until 3 days before arrival; later cancellations cost one night. We accept UPI and cards. Airport pick-up costs ₹1,800 per car and must be booked by phone."""


BUSES = """Lakshmi Travels: bus booking

Tickets can be cancelled up to 6 hours before departure; 20% of the fare is deducted. No refund is given after departure.
Each passenger may carry 15 kg of luggage. Extra luggage costs Rs. 40 per kg. Children below 5 years travel free without a seat.
The Pune–Goa bus leaves at 9:30 pm daily. The Pune–Nashik bus leaves at 7 am and does not run on Sundays. Live tracking links are sent by SMS 30 minutes before boarding."""

PLANS = """Plan | Price per month | Storage | Support
Starter | ₹299 | 10 GB | e-mail
Growth | ₹799 | 50 GB | chat and e-mail
Scale | ₹1,999 | 500 GB | phone

All plans include GST. Annual payment gives two months free. Downgrades take effect at the next billing date. Data is stored in Mumbai and never leaves India. Free trials last 14 days and need no credit card."""

TAILOR_HI = """सिलाई केंद्र की शर्तें

ब्लाउज़ की सिलाई ₹450 से शुरू होती है और 4 दिन में तैयार मिलती है। लहंगे की सिलाई में 15 दिन लगते हैं। ऑर्डर के समय आधी रकम अग्रिम देनी होती है।
कपड़ा कटने के बाद ऑर्डर रद्द नहीं हो सकता। नाप में गड़बड़ी होने पर 7 दिन के भीतर मुफ़्त सुधार किया जाता है। दुकान मंगलवार को बंद रहती है।"""

GYM = """Gym membership

The quarterly plan costs ₹5,500 and the yearly plan costs ₹16,000. Members may freeze a plan once for up to 30 days. Personal training is charged separately at ₹700 per session. The gym is open from 5:30 am to 10 pm on weekdays. Towels are not provided; lockers are free. Members under 16 years need a parent's written consent. Membership cannot be transferred to another person."""

BACKUP = """Cloud backup FAQ

How do I reset my password? Click "Forgot password" on the sign-in page; the link is valid for 20 minutes.
Can I restore deleted files? Files can be restored for 30 days after deletion. After that they are erased for good.
Error E-4031 means that the licence has expired. Error E-4077 means that the disk is full. Version 8.2 requires Windows 11 or macOS 14."""

LOAN_HI = """होम लोन के नियम

होम लोन की न्यूनतम राशि ₹5 लाख है और अधिकतम राशि ₹75 लाख है। ब्याज दर 8.5% से शुरू होती है। लोन की अवधि 20 साल तक हो सकती है।
समय से पहले भुगतान पर कोई शुल्क नहीं लगता। आवेदन के लिए आधार कार्ड और पैन कार्ड ज़रूरी हैं। आवेदन 3 कार्य दिवसों में जाँचा जाता है।"""

SHOP_HINGLISH = """Order hone ke 24 ghante ke andar saman bhej diya jata hai. Delivery charge ₹49 hai, lekin ₹500 se upar ke order par delivery muft hai. Exchange 7 din ke andar ho sakta hai. Sale wale kapde wapas nahi liye jate."""


@dataclass(frozen=True, slots=True)
class Claim:
    source: str
    text: str
    supported: bool
    kind: str


def _claims(source: str, rows: str) -> list[Claim]:
    parts = (row.split("|", 2) for row in rows.strip().splitlines())
    return [Claim(source, text.strip(), mark.strip() == "+", kind.strip()) for mark, kind, text in parts]


CLAIMS = [
    *_claims(
        RETURNS,
        """
+ | true       | Unopened kitchen appliances can be returned within 10 days of delivery.
+ | paraphrase | You may return an unopened appliance within ten days of its delivery.
+ | true       | Refunds are paid to the original payment method within 7 working days.
+ | paraphrase | The refund goes to your original payment method in 7 business days.
+ | paraphrase | Refund payments to the original method take one week.
+ | paraphrase | **Shipping charges** of Rs. 1250 aren't refunded.
+ | paraphrase | Opened appliances can not be returned, except faulty ones.
+ | true       | The warranty on the Surya M3 mixer lasts 24 months.
+ | paraphrase | The Surya M3 mixer has a warranty of two years.
+ | paraphrase | For questions, call 1800-555-0142 or write to care@suryamixers.example.
- | number     | Refunds are paid to the original payment method within 90 days.
- | number     | Unopened appliances can be returned within 10 months of delivery.
- | number     | Unopened kitchen appliances can be returned within 7 days of delivery.
- | number     | Refunds are paid within 10 days to the original payment method.
- | number     | Shipping charges of ₹1,520 are not refunded.
- | number     | The warranty on the Surya M3 mixer lasts 24 days.
- | negation   | Unopened kitchen appliances cannot be returned within 10 days of delivery.
- | negation   | Shipping charges of ₹1,250 are refunded.
- | negation   | Opened appliances can be returned.
- | code       | For questions write to help@suryamixers.example.
- | code       | The warranty on the Surya M5 mixer lasts 24 months.
- | invented   | Gift vouchers are valid in all partner stores across the country.
- | invented   | The company was founded by two engineers from Coimbatore.
- | source     | A sibling discount is given on the monthly fee.
""",
    ),
    *_claims(
        TUITION,
        """
+ | true       | Admissions close on 15 April 2026.
+ | paraphrase | The closing date for admission is 15/04/2026.
+ | paraphrase | The monthly fee for Class 10 Mathematics is ₹2,800.
+ | paraphrase | Class 12 Physics costs 3600 rupees per month, and the batch is at 7:30 am.
+ | paraphrase | Siblings get a discount of 15 percent on the monthly fee.
+ | true       | The institute does not offer hostel rooms.
+ | paraphrase | No hostel rooms are offered by the institute.
+ | paraphrase | Classes are held in Bhopal and in Indore.
- | number     | The monthly fee for Class 9 Mathematics is ₹2,800.
- | number     | The monthly fee for Class 12 Physics is ₹6,300.
- | number     | Siblings get a discount of 50% on the monthly fee.
- | number     | The batch of Class 10 Mathematics starts at 6:30 am.
- | date       | Admissions close on 15 May 2026.
- | date       | Admissions close on 25 April 2026.
- | date       | Admissions close on 15 April 2027.
- | negation   | The institute offers hostel rooms.
- | name       | Classes are held in Indore and Nagpur.
- | invented   | Students receive a printed certificate after the final examination.
- | source     | Breakfast is included in the room price.
""",
    ),
    *_claims(
        CLINIC_HI,
        """
+ | true       | परामर्श शुल्क ₹600 है और यह 5 दिनों तक मान्य रहता है।
+ | paraphrase | परामर्श का शुल्क 600 रुपये है।
+ | paraphrase | परामर्श शुल्क पाँच दिन तक मान्य है।
+ | true       | रविवार को क्लिनिक बंद रहता है।
+ | paraphrase | क्लिनिक रविवार को बन्द रहेगा।
+ | paraphrase | रक्त की जांच की रिपोर्ट २४ घंटों में मिल जाती है।
+ | paraphrase | रक्त जाँच की रिपोर्ट एक दिन में मिलेगी।
+ | paraphrase | टीकाकरण का शिविर 12/03/2026 को लगेगा।
+ | paraphrase | नियुक्ति रद्द होने पर शुल्क वापस नहीं होता।
+ | paraphrase | बीमा कार्ड स्वीकार हैं।
+ | paraphrase | क्लिनिक शनिवार तक सुबह 9 बजे खुलता है।
- | number     | परामर्श शुल्क ₹900 है।
- | number     | परामर्श शुल्क 7 दिनों तक मान्य रहता है।
- | number     | रक्त जाँच की रिपोर्ट 48 घंटे में मिलती है।
- | number     | क्लिनिक शाम 9 बजे तक खुला रहता है।
- | date       | टीकाकरण शिविर 12 मई 2026 को लगेगा।
- | negation   | रविवार को क्लिनिक बंद नहीं रहता।
- | negation   | नियुक्ति रद्द करने पर शुल्क वापस किया जाता है।
- | negation   | बीमा कार्ड स्वीकार नहीं किए जाते।
- | invented   | क्लिनिक में दाँतों का इलाज भी होता है।
- | invented   | बच्चों के लिए अलग खेल का कमरा बना है।
- | language   | The consultation fee is ₹600.
""",
    ),
    *_claims(
        HOTEL,
        """
+ | true       | Check-in starts at 1 pm and check-out is at 11 am.
+ | paraphrase | You can check in from 13:00.
+ | paraphrase | The room price includes breakfast.
+ | paraphrase | Pets may stay in the garden house.
+ | paraphrase | Pets aren't allowed in rooms.
+ | paraphrase | You can cancel free of charge until three days before arrival.
+ | paraphrase | A car for airport pick-up costs Rs 1,800.
- | number     | Check-in starts at 11 am.
- | number     | Cancellation is free until 1 day before arrival.
- | number     | Airport pick-up costs ₹180 per car.
- | negation   | Pets are allowed in the rooms.
- | negation   | Breakfast is not included in the room price.
- | name       | We accept cards and Bitcoin.
- | invented   | The swimming pool is heated in winter.
- | source     | Opened appliances cannot be returned unless they are faulty.
""",
    ),
    *_claims(
        BUSES,
        """
+ | second | Tickets may be cancelled up to six hours before departure, with a 20% deduction from the fare.
+ | second | After departure there is no refund.
+ | second | Every passenger can carry 15 kilos of luggage.
+ | second | Extra luggage is charged at ₹40 per kg.
+ | second | Children under 5 years travel free of charge, without a seat.
+ | second | The Pune–Goa bus departs at 21:30 every day.
+ | second | The bus from Pune to Nashik does not run on Sundays.
+ | second | An SMS with a live tracking link is sent half an hour before boarding.
- | second | Tickets may be cancelled up to 20 hours before departure.
- | second | A refund is given after departure.
- | second | Every passenger can carry 40 kg of luggage.
- | second | Extra luggage is charged at ₹15 per kg.
- | second | The Pune–Goa bus departs at 7 am.
- | second | The bus from Pune to Nashik runs on Sundays.
- | second | Children below 15 years travel free.
- | second | Meals are served on overnight buses.
- | second | The Pune–Mumbai bus leaves at 9:30 pm daily.
- | second | Tickets cannot be cancelled before departure.
""",
    ),
    *_claims(
        PLANS,
        """
+ | second | The Growth plan costs ₹799 per month.
+ | second | Growth includes 50 GB of storage.
+ | second | The Scale plan comes with phone support.
+ | second | Free trials last two weeks and do not need a credit card.
+ | second | If you pay annually you get 2 months free.
+ | second | Data is stored in Mumbai.
+ | second | Your data does not leave India.
+ | second | GST is included in all plans.
- | second | The Starter plan costs ₹799 per month.
- | second | The Growth plan costs ₹1,999 per month.
- | second | Growth includes 500 GB of storage.
- | second | The Starter plan comes with phone support.
- | second | Free trials last 30 days.
- | second | A credit card is needed for free trials.
- | second | Data is stored in Singapore.
- | second | Prices do not include GST.
- | second | Customers can pay by bank transfer.
""",
    ),
    *_claims(
        TAILOR_HI,
        """
+ | second | ब्लाउज़ की सिलाई 450 रुपये से शुरू है।
+ | second | ब्लाउज़ चार दिनों में तैयार मिलता है।
+ | second | लहंगे की सिलाई में पंद्रह दिन लगेंगे।
+ | second | ऑर्डर के समय आधी रकम अग्रिम देनी पड़ती है।
+ | second | कपड़ा कट जाने के बाद ऑर्डर रद्द नहीं होता।
+ | second | नाप की गड़बड़ी का सुधार 7 दिन के भीतर मुफ्त होता है।
+ | second | मंगलवार को दुकान बंद रहती है।
- | second | ब्लाउज़ की सिलाई में 15 दिन लगते हैं।
- | second | लहंगे की सिलाई 4 दिन में तैयार मिलती है।
- | second | कपड़ा कटने के बाद ऑर्डर रद्द हो सकता है।
- | second | दुकान मंगलवार को खुली रहती है।
- | second | ऑर्डर के समय पूरी रकम अग्रिम देनी होती है।
- | second | दुकान में साड़ी की रंगाई भी होती है।
- | second | ब्लाउज़ की सिलाई ₹540 से शुरू होती है।
""",
    ),
    *_claims(
        GYM,
        """
+ | third | The quarterly plan costs Rs 5,500.
+ | third | A year's plan costs ₹16,000.
+ | third | A plan can be frozen once for up to 30 days.
+ | third | Each personal training session costs ₹700.
+ | third | On weekdays the gym opens at 5:30 in the morning and stays open until 10 pm.
+ | third | Lockers are free but towels aren't provided.
+ | third | Members younger than 16 need written consent of a parent.
+ | third | Memberships are not transferable to another person.
- | third | The yearly plan costs ₹5,500.
- | third | The quarterly plan costs ₹16,000.
- | third | Members may freeze a plan twice for up to 60 days.
- | third | Personal training is included in the yearly plan.
- | third | The gym is open from 5:30 pm on weekdays.
- | third | Towels are provided.
- | third | Membership can be transferred to another person.
- | third | Members under 18 years need a parent's consent.
- | third | The gym has a sauna and a steam room.
""",
    ),
    *_claims(
        BACKUP,
        """
+ | third | The password reset link is valid for 20 minutes.
+ | third | Deleted files can be restored within 30 days of deletion.
+ | third | After 30 days deleted files are erased for good.
+ | third | E-4031 means the licence has expired.
+ | third | Version 8.2 needs macOS 14 or Windows 11.
- | third | The password reset link is valid for 30 minutes.
- | third | Deleted files can be restored for 20 days.
- | third | E-4077 means the licence has expired.
- | third | Error E-4032 means that the licence has expired.
- | third | Version 9.2 requires Windows 11.
- | third | Deleted files cannot be restored.
- | third | Backups are encrypted with a key of your own.
""",
    ),
    *_claims(
        LOAN_HI,
        """
+ | third | होम लोन की न्यूनतम राशि 5 लाख रुपये है।
+ | third | होम लोन की अधिकतम राशि ₹75,00,000 है।
+ | third | ब्याज की दर 8.5 प्रतिशत से शुरू होती है।
+ | third | लोन की अवधि बीस वर्ष तक हो सकती है।
+ | third | समय से पहले भुगतान करने पर शुल्क नहीं लगता।
+ | third | आवेदन तीन कार्य दिवस में जाँचा जाता है।
- | third | होम लोन की अधिकतम राशि ₹5 लाख है।
- | third | ब्याज दर 9.5% से शुरू होती है।
- | third | लोन की अवधि 30 साल तक हो सकती है।
- | third | समय से पहले भुगतान पर शुल्क लगता है।
- | third | आवेदन के लिए वोटर कार्ड ज़रूरी है।
""",
    ),
    *_claims(
        SHOP_HINGLISH,
        """
+ | third | Delivery ka charge 49 rupaye hai.
+ | third | Exchange saat din ke andar ho sakta hai.
+ | third | Sale ke kapde wapas nahi hote.
+ | third | ₹500 se upar ke order par delivery muft hai.
- | third | Exchange 15 din ke andar ho sakta hai.
- | third | Sale wale kapde wapas liye jate hain.
- | third | Saman 48 ghante ke andar bhej diya jata hai.
- | third | Delivery charge ₹500 hai.
""",
    ),
]
