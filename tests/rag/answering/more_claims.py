# ruff: noqa: E501 - documents and sentences as they come
"""More sentences about invented businesses, labelled by hand before the checker was read or run on them.

The kinds: `true` (nearly verbatim), `paraphrase` (inflected, reordered or merged), `number`, `date`, `name` and `code`
(one of them wrong), `row` (a figure of another row or column), `negation` (the meaning turned), `source` (true of
another source of this module), `invented` (plausible, but not said) and `language` (not in the source's language)."""

from __future__ import annotations

from tests.rag.answering.claims import Claim, _claims

COURIER = """Vayu Parcel: terms of carriage

Parcels handed over before 4 pm leave the same day. Within Gujarat delivery takes 2 days, to other states 4 to 6 days. The heaviest parcel we carry weighs 25 kg.
We attempt delivery three times; after that the parcel is kept at the hub for 5 days and then returned to the sender at the sender's expense.
Liquids, cash and jewellery are not carried. Loss or damage must be reported within 48 hours of delivery. Our liability is limited to ₹2,000 per parcel unless insurance was bought. Claims go to claims@vayuparcel.example."""

INSURER = """Sahyog Health Cover: extract from the policy wording

The policy pays for hospital stays of at least 24 hours. Cataract surgery is covered up to ₹40,000 per eye. Room rent is covered up to 1% of the sum insured per day.
Pre-existing diseases are covered only after a waiting period of 36 months. Dental treatment and cosmetic surgery are excluded, except after an accident.
Planned admissions must be notified 3 days in advance, emergencies within 24 hours of admission. The policy may be returned within 15 days of receipt for a full refund less stamp duty. The helpline is 1800-555-0177."""

DEPOSIT = """Narmada Gramin Bank: fixed deposit rates from 1 July 2026

Tenure | General public | Senior citizens
91 to 180 days | 5.25% | 5.75%
181 to 364 days | 6.10% | 6.60%
1 year to 2 years | 6.85% | 7.35%
Above 2 years | 6.50% | 7.00%

The minimum deposit is ₹10,000. Interest is paid quarterly. Premature withdrawal is allowed with a penalty of 1%. Deposits up to ₹5 lakh are insured. A loan of up to 90% of the deposit is available. Form 15H must be submitted in April."""

MENU = """## Kaveri Tiffin Room

| Dish | Half | Full |
|---|---|---|
| Paneer butter masala | ₹160 | ₹280 |
| Veg biryani | ₹120 | ₹210 |
| Dal makhani | ₹110 | ₹190 |
| Masala dosa | – | ₹95 |

Prices do not include 5% GST. Home delivery is free within 3 km for orders above ₹400. No onion or garlic is used on Mondays. The kitchen closes at 10:30 pm. Table bookings are taken only for groups of six or more."""

CHANGELOG = """# LedgerLeaf release notes

## 4.7.0 (12 May 2026)
- Invoices can be exported as XML and CSV.
- The dashboard loads twice as fast.
- Removed: the endpoint /v1/customers. Use /v2/customers instead.

## 4.6.2 (28 March 2026)
- Fixed: reminders were sent twice when a customer had two e-mail addresses (LL-2219).
- Fixed: totals were rounded down in the GST report (LL-2240).

## 4.6.0 (3 February 2026)
- Two-factor sign-in is now required for administrators.
- The Android app now needs Android 11 or later."""

TRAVEL = """Himgiri Tours: cancellation of package tours

Cancelled before departure | Deduction
more than 30 days | 10% of the tour price
15 to 30 days | 35% of the tour price
7 to 14 days | 60% of the tour price
less than 7 days | no refund

Cancellations must be sent in writing to tours@himgiri.example. Visa fees of ₹6,500 are never refunded. If we cancel a tour, you get the full amount back within 21 days. One change of travel date is free; each further change costs ₹1,500. The name of a traveller can be changed up to 10 days before departure. Flight tickets follow the rules of the airline."""

WARRANTY = """Prakash Electronics: warranty card

Product | Warranty | Service
PE-32 LED television | 2 years | at home
PE-90 washing machine | 3 years | at home
PE-15 mixer | 1 year | at the service centre

The motor of the PE-90 has a warranty of 10 years. The warranty does not cover broken glass, burnt adapters or damage by lightning. It becomes void if the serial number is removed or the device is opened by an unauthorised person.
Register the product within 14 days of purchase at prakash.example/register. Spare parts are available for 7 years. The warranty is valid only in India."""

SCHOOL_HI = """सरस्वती बाल विद्यालय: शुल्क परिपत्र 2026-27

कक्षा | मासिक शुल्क | परिवहन शुल्क
1 से 5 | ₹1,800 | ₹700
6 से 8 | ₹2,200 | ₹850
9 और 10 | ₹2,900 | ₹950

शुल्क हर माह की 10 तारीख तक जमा करना होगा। देर से जमा करने पर ₹50 प्रतिदिन विलंब शुल्क लगेगा। एक ही परिवार के दूसरे बच्चे को मासिक शुल्क में 20% छूट मिलेगी।
परीक्षा शुल्क ₹500 वर्ष में दो बार लिया जाएगा। चेक स्वीकार नहीं किए जाएँगे। परिवहन छोड़ने की सूचना एक माह पहले लिखित में देनी होगी। नया सत्र 1 अप्रैल 2026 से शुरू होगा।"""

HOSPITAL_HI = """जीवनधारा अस्पताल: मिलने के नियम

सामान्य वार्ड में मिलने का समय शाम 4 बजे से 6 बजे तक है। आईसीयू में केवल एक व्यक्ति 15 मिनट के लिए मिल सकता है। रात में मरीज़ के साथ एक ही परिजन रुक सकता है।
12 साल से छोटे बच्चों को वार्ड में आने की अनुमति नहीं है। बाहर का खाना लाना मना है। कैंटीन सुबह 7 बजे से रात 10 बजे तक खुली रहती है।
प्रवेश पास की ज़मानत राशि ₹200 है, जो पास लौटाने पर वापस मिलती है। मोबाइल फ़ोन आईसीयू में बंद रखना होगा। पार्किंग पहले दो घंटे मुफ़्त है। पूछताछ के लिए 0141-555-0123 पर फ़ोन करें।"""

SOCIETY_HI = """शांति कुंज आवास समिति: सूचना

पानी की टंकी की सफ़ाई रविवार 14 जून 2026 को होगी, इसलिए उस दिन सुबह 8 बजे से दोपहर 1 बजे तक पानी नहीं आएगा। रखरखाव शुल्क ₹2,500 प्रति माह है। 15 दिन से अधिक की देरी पर 2% ब्याज लगेगा।
ए ब्लॉक की लिफ़्ट 20 जून तक बंद रहेगी; बी ब्लॉक की लिफ़्ट चालू है। मेहमानों की गाड़ियाँ केवल गेट नंबर 3 के पास खड़ी की जा सकती हैं। किराएदारों का पुलिस सत्यापन अनिवार्य है। छत पर कपड़े सुखाना मना है।
वार्षिक आम सभा 28 जून को शाम 5 बजे सामुदायिक भवन में होगी।"""

GAS_HI = """ज्वाला गैस एजेंसी: ग्राहकों के लिए सूचना

14.2 किलो का घरेलू सिलेंडर ₹905 का और 19 किलो का व्यावसायिक सिलेंडर ₹1,780 का है। बुकिंग के 3 दिन के भीतर सिलेंडर घर पहुँचाया जाता है। घर पहुँचाने का कोई अलग शुल्क नहीं है।
दो बुकिंग के बीच कम से कम 21 दिन का अंतर होना चाहिए। नए कनेक्शन के लिए आधार कार्ड और पते का प्रमाण चाहिए। रेगुलेटर बदलने का शुल्क ₹300 है।
रबर की नली हर 5 साल में बदलें। गैस की गंध आने पर बिजली का स्विच न दबाएँ और 1800-555-0166 पर फ़ोन करें। कार्यालय दूसरे शनिवार को बंद रहता है।"""

SCHEME_HI = """नवप्रभा हुनर योजना

इस योजना में 18 से 35 वर्ष के बेरोज़गार युवाओं को 6 महीने का मुफ़्त प्रशिक्षण दिया जाता है। प्रशिक्षण के दौरान हर माह ₹3,000 की सहायता राशि सीधे बैंक खाते में भेजी जाती है।
परिवार की वार्षिक आय ₹2.5 लाख से अधिक नहीं होनी चाहिए। महिलाओं को अधिकतम आयु में 5 वर्ष की छूट है। सरकारी कर्मचारियों के बच्चे आवेदन नहीं कर सकते।
आवेदन 31 अगस्त 2026 तक केवल ऑनलाइन लिए जाएँगे। आवेदन का कोई शुल्क नहीं है। आधार कार्ड, आय प्रमाण पत्र और आठवीं की अंकसूची ज़रूरी हैं। प्रशिक्षण पूरा होने पर ₹10,000 का औज़ार किट मिलेगा। 80% से कम उपस्थिति पर सहायता राशि नहीं मिलेगी।"""

SALON_HINGLISH = """Roop Nikhar Salon ke niyam

Haircut ₹250 ka hai aur hair spa ₹900 ka. Bachchon ka haircut ₹150 ka hai. Bridal makeup ki booking kam se kam 20 din pehle karni hogi aur 30% advance dena hoga.
Salon somvar ko band rehta hai, baaki din subah 10 baje se raat 8 baje tak khula rehta hai. Appointment 4 ghante pehle tak bina charge ke cancel ho sakti hai. 15 minute se zyada late hone par appointment cancel kar di jati hai.
Gift voucher 6 mahine tak chalta hai aur cash mein nahi badla jata. Ghar par service sirf mahilaon ke liye hai."""


MORE_CLAIMS: tuple[Claim, ...] = (
    *_claims(
        COURIER,
        """
+ | true       | Liquids, cash and jewellery are not carried.
+ | true       | Parcels handed over before 4 pm leave the same day.
+ | paraphrase | Parcels weighing more than 25 kg are not carried.
+ | paraphrase | A delivery within Gujarat takes two days.
+ | paraphrase | Delivery to other states takes 4–6 days.
+ | paraphrase | You must report loss or damage no later than 48 hours after delivery.
+ | paraphrase | After three delivery attempts the parcel stays at the hub for five days.
+ | paraphrase | If no insurance was bought, liability is limited to Rs 2,000 per parcel.
+ | paraphrase | The sender bears the cost of returning a parcel that could not be delivered.
- | number     | Within Gujarat delivery takes 4 days.
- | number     | We attempt delivery five times.
- | number     | The heaviest parcel we carry weighs 52 kg.
- | number     | Loss or damage must be reported within 24 hours of delivery.
- | negation   | Cash and jewellery are carried.
- | negation   | Parcels handed over after 4 pm leave the same day.
- | name       | Undelivered parcels are returned at the receiver's expense.
- | code       | Claims go to support@vayuparcel.example.
- | invented   | Fragile items are packed in bubble wrap free of charge.
- | source     | Spare parts are available for 7 years.
""",
    ),
    *_claims(
        INSURER,
        """
+ | true       | Cataract surgery is covered up to ₹40,000 per eye.
+ | paraphrase | Hospital stays of 24 hours or more are paid for by the policy.
+ | paraphrase | Pre-existing diseases have a waiting period of three years.
+ | paraphrase | Dental treatment isn't covered unless it follows an accident.
+ | paraphrase | You can return the policy within 15 days after you receive it and get a full refund less stamp duty.
+ | paraphrase | An emergency must be notified within a day of admission, a planned admission three days before.
+ | paraphrase | Room rent is paid up to one percent of the sum insured for each day.
+ | paraphrase | The policy's helpline number is 1800-555-0177, and cosmetic surgery is excluded except after an accident.
- | number     | Cataract surgery is covered up to ₹14,000 per eye.
- | number     | Pre-existing diseases are covered after 24 months.
- | number     | Room rent is covered up to 2% of the sum insured per day.
- | number     | Planned admissions must be notified 24 hours in advance.
- | negation   | Cosmetic surgery is covered except after an accident.
- | negation   | The policy pays for hospital stays of less than 24 hours.
- | negation   | Pre-existing diseases are never covered.
- | code       | The helpline is 1800-555-0717.
- | invented   | Maternity expenses are covered after two years.
- | source     | A loan of up to 90% of the deposit is available.
""",
    ),
    *_claims(
        DEPOSIT,
        """
+ | true       | Premature withdrawal is allowed with a penalty of 1%.
+ | paraphrase | A penalty of 1% applies if you withdraw prematurely.
+ | paraphrase | The insurance covers deposits of up to ₹5,00,000.
+ | paraphrase | Senior citizens get 7.35% on a deposit of one to two years.
+ | paraphrase | The general public earns 6.10% on deposits of 181 to 364 days.
+ | paraphrase | For more than 2 years the rate is 6.5% for the general public and 7% for senior citizens.
+ | paraphrase | Interest is paid every quarter, and the minimum deposit is Rs. 10,000.
+ | paraphrase | You can take a loan of up to 90 percent of your deposit.
+ | paraphrase | These fixed deposit rates apply from 01/07/2026.
- | row        | Senior citizens get 6.85% on a deposit of 1 year to 2 years.
- | row        | The general public earns 6.60% on deposits of 181 to 364 days.
- | row        | Deposits above 2 years earn the general public 6.85%.
- | row        | Senior citizens get 6.60% for 91 to 180 days.
- | number     | The minimum deposit is ₹1,000.
- | number     | Deposits up to ₹10 lakh are insured.
- | date       | The fixed deposit rates apply from 1 June 2026.
- | name       | Interest is paid monthly.
- | negation   | Premature withdrawal is not allowed.
- | code       | Form 15G must be submitted in April.
- | invented   | Deposits can be opened through the mobile app of the bank.
""",
    ),
    *_claims(
        MENU,
        """
+ | true       | The kitchen closes at 10:30 pm.
+ | paraphrase | A table can only be booked for 6 or more people.
+ | paraphrase | A full portion of veg biryani costs ₹210.
+ | paraphrase | Half a portion of dal makhani is Rs 110.
+ | paraphrase | Paneer butter masala costs ₹160 for a half and ₹280 for a full plate.
+ | paraphrase | A masala dosa costs 95 rupees.
+ | paraphrase | Orders above ₹400 are delivered home free of charge within 3 km.
+ | paraphrase | GST of 5% is charged on top of these prices.
+ | paraphrase | On Mondays the food is made without onion and garlic.
- | row        | A full portion of dal makhani costs ₹210.
- | row        | Half a portion of veg biryani costs ₹110.
- | row        | Half a portion of paneer butter masala costs ₹280.
- | row        | The masala dosa costs ₹190.
- | number     | Home delivery is free for orders above ₹300.
- | number     | Table bookings are taken for groups of four.
- | negation   | Prices include 5% GST.
- | negation   | Onion and garlic are used on Mondays.
- | name       | No onion or garlic is used on Thursdays.
- | invented   | Filter coffee is served all day.
- | source     | Cancellations must be sent in writing.
""",
    ),
    *_claims(
        CHANGELOG,
        """
+ | paraphrase | Since version 4.7.0 invoices can be exported as XML and CSV.
+ | paraphrase | Version 4.7.0 was released on 12 May 2026.
+ | paraphrase | The endpoint /v1/customers was removed, so use /v2/customers.
+ | paraphrase | LL-2240, the rounding down of totals in the GST report, was fixed in 4.6.2.
+ | paraphrase | Administrators are required to use two-factor sign-in.
+ | paraphrase | You need Android 11 or newer for the Android app.
+ | paraphrase | Customers with two e-mail addresses no longer get reminders twice.
+ | paraphrase | The dashboard is twice as fast to load in 4.7.0.
- | row        | Invoices can be exported as XML since version 4.6.0.
- | date       | Version 4.6.2 was released on 3 February 2026.
- | date       | Version 4.7.0 was released on 21 May 2026.
- | code       | LL-2219 was about totals that were rounded down in the GST report.
- | code       | The endpoint /v2/customers was removed.
- | number     | The Android app now needs Android 12 or later.
- | number     | The dashboard loads three times as fast.
- | negation   | Two-factor sign-in is not required for administrators.
- | name       | Invoices can be exported as XML and PDF.
- | name       | Two-factor sign-in is now required for customers.
- | invented   | Dark mode was added to the web app.
""",
    ),
    *_claims(
        TRAVEL,
        """
+ | true       | Visa fees of ₹6,500 are never refunded.
+ | paraphrase | If you cancel more than 30 days before departure, 10% of the tour price is deducted.
+ | paraphrase | A cancellation 7 to 14 days before departure costs 60 percent of the tour price.
+ | paraphrase | There is no refund when you cancel less than a week before departure.
+ | paraphrase | You are paid back the full amount within three weeks if we cancel the tour.
+ | paraphrase | The first change of the travel date is free, and every further change costs Rs 1,500.
+ | paraphrase | A traveller's name may be changed until ten days before departure.
+ | paraphrase | Write to tours@himgiri.example to cancel.
- | row        | If you cancel 15 to 30 days before departure, 60% of the tour price is deducted.
- | row        | A cancellation 7 to 14 days before departure costs 35% of the tour price.
- | row        | There is no refund if you cancel more than 30 days before departure.
- | number     | If we cancel a tour, you get the full amount back within 12 days.
- | number     | Each further change of travel date costs ₹6,500.
- | negation   | Visa fees of ₹6,500 are refunded.
- | negation   | If you cancel the tour, you get the full amount back within 21 days.
- | negation   | Cancellations can be made by telephone.
- | name       | Flight tickets follow the rules of the hotel.
- | invented   | Travel insurance is part of every package.
- | source     | Loss or damage must be reported within 48 hours of delivery.
""",
    ),
    *_claims(
        WARRANTY,
        """
+ | true       | The motor of the PE-90 has a warranty of 10 years.
+ | paraphrase | The PE-32 LED television comes with a two-year warranty.
+ | paraphrase | The PE-15 mixer is serviced at the service centre.
+ | paraphrase | Damage caused by lightning is not covered by the warranty.
+ | paraphrase | Removing the serial number makes the warranty void.
+ | paraphrase | You should register the product at prakash.example/register within two weeks of purchase.
+ | paraphrase | The PE-90 washing machine has 3 years of warranty with service at home.
+ | paraphrase | You can get spare parts for seven years, and the warranty is valid in India only.
- | row        | The PE-15 mixer has a warranty of 2 years.
- | row        | The PE-32 LED television has a warranty of 3 years.
- | row        | The PE-90 washing machine is serviced at the service centre.
- | number     | The motor of the PE-90 has a warranty of 3 years.
- | number     | Register the product within 40 days of purchase.
- | negation   | Burnt adapters are covered by the warranty.
- | negation   | The warranty is not valid in India.
- | negation   | The warranty stays valid if the device is opened by an unauthorised person.
- | code       | The PE-95 washing machine has a warranty of 3 years.
- | invented   | An extended warranty can be bought for ₹999.
- | source     | Home delivery is free within 3 km.
""",
    ),
    *_claims(
        SCHOOL_HI,
        """
+ | true       | नया सत्र 1 अप्रैल 2026 से शुरू होगा।
+ | paraphrase | कक्षा 6 से 8 का मासिक शुल्क 2,200 रुपये है।
+ | paraphrase | कक्षा 9 और 10 के लिए परिवहन शुल्क ₹950 है।
+ | paraphrase | हर महीने की 10 तारीख तक शुल्क जमा करना है।
+ | paraphrase | देरी होने पर प्रतिदिन 50 रुपये विलंब शुल्क लगता है।
+ | paraphrase | परिवार के दूसरे बच्चे को मासिक शुल्क पर 20 प्रतिशत की छूट मिलती है।
+ | paraphrase | विद्यालय चेक से भुगतान स्वीकार नहीं करता।
+ | paraphrase | परीक्षा शुल्क साल में दो बार ₹500 लिया जाता है।
+ | paraphrase | परिवहन छोड़ना हो तो एक महीने पहले लिखित सूचना दें।
+ | paraphrase | कक्षा 1 से 5 के लिए मासिक शुल्क ₹1,800 और परिवहन शुल्क ₹700 है।
- | row        | कक्षा 1 से 5 का मासिक शुल्क ₹2,200 है।
- | row        | कक्षा 6 से 8 का परिवहन शुल्क ₹950 है।
- | row        | कक्षा 9 और 10 का मासिक शुल्क ₹950 है।
- | number     | शुल्क हर माह की 15 तारीख तक जमा करना होगा।
- | number     | दूसरे बच्चे को मासिक शुल्क में 50% छूट मिलेगी।
- | date       | नया सत्र 1 जुलाई 2026 से शुरू होगा।
- | negation   | चेक स्वीकार किए जाएँगे।
- | name       | दूसरे बच्चे को परिवहन शुल्क में 20% छूट मिलेगी।
- | invented   | पुस्तकें और वर्दी विद्यालय से ही लेनी होंगी।
- | source     | आवेदन का कोई शुल्क नहीं है।
""",
    ),
    *_claims(
        HOSPITAL_HI,
        """
+ | true       | सामान्य वार्ड में मिलने का समय शाम 4 बजे से 6 बजे तक है।
+ | paraphrase | आईसीयू में एक ही व्यक्ति पंद्रह मिनट तक मिल सकता है।
+ | paraphrase | रात को मरीज़ के पास केवल एक परिजन रुक सकता है।
+ | paraphrase | बारह साल से छोटे बच्चे वार्ड में नहीं आ सकते।
+ | paraphrase | बाहर से खाना लाने की मनाही है।
+ | paraphrase | पास लौटाने पर ₹200 की ज़मानत राशि वापस मिल जाती है।
+ | paraphrase | पहले 2 घंटे पार्किंग का कोई शुल्क नहीं है।
+ | paraphrase | आईसीयू में मोबाइल बंद रखना पड़ता है।
+ | language   | The canteen is open from 7 am to 10 pm.
- | number     | सामान्य वार्ड में मिलने का समय शाम 5 बजे से 7 बजे तक है।
- | number     | आईसीयू में एक व्यक्ति 30 मिनट के लिए मिल सकता है।
- | number     | प्रवेश पास की ज़मानत राशि ₹500 है।
- | number     | कैंटीन रात 12 बजे तक खुली रहती है।
- | negation   | बाहर का खाना लाया जा सकता है।
- | negation   | ज़मानत राशि पास लौटाने पर वापस नहीं मिलती।
- | name       | सामान्य वार्ड में केवल एक व्यक्ति 15 मिनट के लिए मिल सकता है।
- | code       | पूछताछ के लिए 0141-555-0132 पर फ़ोन करें।
- | invented   | हर मंज़िल पर परिजनों के लिए प्रतीक्षा कक्ष है।
- | source     | कार्यालय दूसरे शनिवार को बंद रहता है।
- | language   | Children below 15 years are not allowed in the ward.
""",
    ),
    *_claims(
        SOCIETY_HI,
        """
+ | true       | किराएदारों का पुलिस सत्यापन अनिवार्य है।
+ | paraphrase | 14 जून 2026 को पानी की टंकी साफ़ की जाएगी।
+ | paraphrase | रविवार 14 जून को सुबह 8 से दोपहर 1 बजे तक पानी बंद रहेगा।
+ | paraphrase | हर महीने 2500 रुपये रखरखाव शुल्क लगता है।
+ | paraphrase | मेहमान अपनी गाड़ी केवल गेट नंबर 3 के पास खड़ी कर सकते हैं।
+ | paraphrase | छत पर कपड़े नहीं सुखाए जा सकते।
+ | paraphrase | आम सभा सामुदायिक भवन में 28 जून को शाम पाँच बजे होगी।
+ | paraphrase | 20 जून तक ए ब्लॉक की लिफ़्ट बंद है, लेकिन बी ब्लॉक की लिफ़्ट चल रही है।
+ | paraphrase | भुगतान में 15 दिन से ज़्यादा देरी होने पर 2 प्रतिशत ब्याज देना होगा।
- | number     | रखरखाव शुल्क ₹5,200 प्रति माह है।
- | number     | 15 दिन से अधिक की देरी पर 12% ब्याज लगेगा।
- | number     | मेहमानों की गाड़ियाँ गेट नंबर 2 के पास खड़ी की जा सकती हैं।
- | date       | वार्षिक आम सभा 14 जून को होगी।
- | date       | पानी की टंकी की सफ़ाई 28 जून 2026 को होगी।
- | negation   | ए ब्लॉक की लिफ़्ट चालू है।
- | negation   | छत पर कपड़े सुखाने की अनुमति है।
- | name       | बी ब्लॉक की लिफ़्ट 20 जून तक बंद रहेगी।
- | invented   | सोसाइटी के जिम का शुल्क अलग से लगता है।
- | source     | रबर की नली हर 5 साल में बदलें।
""",
    ),
    *_claims(
        GAS_HI,
        """
+ | true       | रेगुलेटर बदलने का शुल्क ₹300 है।
+ | paraphrase | 14.2 किलो वाले घरेलू सिलेंडर की कीमत 905 रुपये है।
+ | paraphrase | व्यावसायिक सिलेंडर 19 किलो का होता है और ₹1,780 में मिलता है।
+ | paraphrase | बुकिंग के बाद तीन दिन के अंदर सिलेंडर घर पहुँच जाता है।
+ | paraphrase | सिलेंडर घर पहुँचाने के लिए अलग से शुल्क नहीं लिया जाता।
+ | paraphrase | एक बुकिंग के बाद अगली बुकिंग कम से कम 21 दिन बाद हो सकती है।
+ | paraphrase | नया कनेक्शन लेने के लिए पते का प्रमाण और आधार कार्ड देना होगा।
+ | paraphrase | गैस की गंध आए तो 1800-555-0166 पर फ़ोन करें।
+ | paraphrase | महीने के दूसरे शनिवार को कार्यालय बंद रहता है।
- | row        | 19 किलो का व्यावसायिक सिलेंडर ₹905 का है।
- | number     | घरेलू सिलेंडर ₹950 का है।
- | number     | दो बुकिंग के बीच कम से कम 15 दिन का अंतर होना चाहिए।
- | number     | रबर की नली हर 3 साल में बदलें।
- | negation   | घर पहुँचाने का अलग शुल्क लगता है।
- | negation   | गैस की गंध आने पर बिजली का स्विच दबाएँ।
- | name       | कार्यालय दूसरे सोमवार को बंद रहता है।
- | name       | नए कनेक्शन के लिए पैन कार्ड और पते का प्रमाण चाहिए।
- | code       | गैस की गंध आने पर 1800-555-0177 पर फ़ोन करें।
- | invented   | ऑनलाइन भुगतान पर ₹20 की छूट मिलती है।
- | source     | छत पर कपड़े सुखाना मना है।
""",
    ),
    *_claims(
        SCHEME_HI,
        """
+ | true       | परिवार की वार्षिक आय ₹2.5 लाख से अधिक नहीं होनी चाहिए।
+ | paraphrase | योजना में बेरोज़गार युवाओं को छह महीने का प्रशिक्षण मुफ़्त मिलता है।
+ | paraphrase | प्रशिक्षण के दौरान 3000 रुपये हर महीने बैंक खाते में भेजे जाते हैं।
+ | paraphrase | महिलाओं को आयु सीमा में पाँच साल की छूट मिलती है।
+ | paraphrase | आवेदन की अंतिम तिथि 31/08/2026 है।
+ | paraphrase | आवेदन निःशुल्क है और केवल ऑनलाइन किया जा सकता है।
+ | paraphrase | सरकारी कर्मचारी के बच्चे इस योजना में आवेदन नहीं कर सकते।
+ | paraphrase | प्रशिक्षण पूरा करने पर 10 हज़ार रुपये का औज़ार किट दिया जाता है।
+ | language   | The training lasts 6 months and is free.
- | number     | परिवार की वार्षिक आय ₹5 लाख से अधिक नहीं होनी चाहिए।
- | number     | हर माह ₹10,000 की सहायता राशि दी जाती है।
- | number     | योजना 18 से 45 वर्ष के युवाओं के लिए है।
- | number     | 60% से कम उपस्थिति पर सहायता राशि नहीं मिलेगी।
- | date       | आवेदन 31 अक्टूबर 2026 तक लिए जाएँगे।
- | negation   | सरकारी कर्मचारियों के बच्चे आवेदन कर सकते हैं।
- | negation   | आवेदन केवल ऑफ़लाइन लिए जाएँगे।
- | name       | पुरुषों को अधिकतम आयु में 5 वर्ष की छूट है।
- | name       | आधार कार्ड, आय प्रमाण पत्र और दसवीं की अंकसूची ज़रूरी हैं।
- | invented   | प्रशिक्षण के बाद नौकरी की गारंटी दी जाती है।
- | source     | चेक स्वीकार नहीं किए जाएँगे।
""",
    ),
    *_claims(
        SALON_HINGLISH,
        """
+ | true       | Ghar par service sirf mahilaon ke liye hai.
+ | paraphrase | Hair spa 900 rupaye ka hai.
+ | paraphrase | Bachchon ke haircut ka charge ₹150 hai.
+ | paraphrase | Bridal makeup kam se kam bees din pehle book karna hoga.
+ | paraphrase | Somvar ko salon band hota hai.
+ | paraphrase | Appointment chaar ghante pehle tak muft mein cancel kar sakte hain.
+ | paraphrase | Gift voucher 6 mahine chalta hai lekin cash mein nahi badalta.
+ | paraphrase | Agar aap 15 minute se zyada late hue to appointment cancel ho jayegi.
+ | paraphrase | Haircut 250 rupaye ka aur hair spa 900 rupaye ka hai.
- | row        | Haircut ₹900 ka hai.
- | row        | Bachchon ka haircut ₹250 ka hai.
- | number     | Bridal makeup ke liye 50% advance dena hoga.
- | number     | Gift voucher 12 mahine tak chalta hai.
- | number     | Appointment 15 minute pehle tak bina charge ke cancel ho sakti hai.
- | negation   | Gift voucher cash mein badla jata hai.
- | negation   | Somvar ko salon khula rehta hai.
- | name       | Ghar par service sirf purushon ke liye hai.
- | name       | Salon ravivar ko band rehta hai.
- | invented   | Mehndi lagane ka charge ₹500 se shuru hota hai.
""",
    ),
)
