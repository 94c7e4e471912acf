# ruff: noqa: E501 - documents and sentences as they come
"""Sentences about ten more invented businesses, as a good model would put them, labelled without sight of the checker.

The kinds: `paraphrase` (in other words, merged or reordered), `number`, `date`, `name` (one of them wrong), `swap`
(neighbours of a list without a verb of their own exchanged), `role` (a figure or a word that belongs to something
else, such as another row or column), `negation` (the meaning turned), `condition` (a condition, limit or quantity
dropped or changed), `source` (true of another source of this module) and `invented` (plausible, but not said)."""

from __future__ import annotations

from tests.rag.answering.claims import Claim, _claims

CINEMA = """Chandralok Cinema, Vadodara: tickets and house rules

Show | Starts | Stalls | Balcony
Matinee | 12:15 pm | ₹110 | ₹170
Evening | 6:00 pm | ₹150 | ₹220
Night | 9:30 pm | ₹130 | ₹200

On Tuesdays every seat costs ₹99, except for films in their first week. Tickets bought online carry a fee of ₹18 each; at the counter there is none. They can be cancelled online up to 90 minutes before the show, and the price, but not the fee, is then credited within 4 working days.
Screen 1 has 320 seats, Screen 2 only 145. Hindi films are shown on Screen 1, Gujarati films on Screen 2. Films with an A certificate are closed to anyone under 18, even with parents. Food from outside is not allowed; water bottles and baby food are.
Popcorn is sold salted in the foyer and with caramel upstairs. The car park charges ₹40 for cars and ₹15 for two-wheelers per show. 3D glasses are lent against a deposit of ₹50. Latecomers are seated by the ushers only during the first 20 minutes. For private screenings of at least 60 guests, write to the manager, Mr. Kirit Solanki."""

COFFEE = """Baba Hills Roastery: coffee subscription

We roast on Mondays and Thursdays and ship on the day after. The 250 g bag costs ₹420, the 500 g bag ₹780 and the kilo bag ₹1,450. Subscribers pay 12% less and get free shipping; all other orders are shipped for ₹70.
A subscription can be paused for up to eight weeks or cancelled at any time, but changes must be made at least 48 hours before the next roast. The first bag may be exchanged if you do not like it; after that only damaged bags are replaced.
Attikan is a light roast, Kerehaklu a medium one and Monsooned Malabar a dark one. We recommend a coarse grind for the French press, a medium one for filters and a fine one for espresso. Coffee is ground free of charge on request. Store the bag in a cool cupboard, not in the refrigerator, and use it up within six weeks of the roasting date.
Decaffeinated beans are bought from Colombia and everything else from Chikkamagaluru. Orders to Lakshadweep and abroad are not possible. Empty bags may be sent back: for ten of them you receive one 250 g bag. Tastings are led by Ms. Anjali Pinto on the last Saturday of the month, at 4 pm; a place costs ₹350."""

PAINT = """Rangoli Paints: technical data

Product | Coverage per litre | Touch-dry | Second coat after
Primer | 9 m² | 30 minutes | 4 hours
Interior emulsion | 12 m² | 45 minutes | 6 hours
Wood enamel | 14 m² | 3 hours | 16 hours

Emulsion is thinned with water, enamel with turpentine; the primer must not be thinned at all. Do not paint when the wall is damp or the temperature is below 10 °C. New plaster has to dry for 28 days before it is primed.
The emulsion is available in 1, 4 and 10 litre tins, the enamel only in half-litre and one-litre tins. Bedrooms look best in matt, kitchens in satin and doors in gloss. Brushes used for emulsion are cleaned with soap and water straight after use.
An opened tin keeps for six months, an unopened one for three years. Tinted paint is not taken back; untinted tins are, within 30 days and with the seal intact. The emulsion is guaranteed against peeling for 5 years, but not in bathrooms. Keep the enamel away from open flames. A free colour consultant visits homes in Pune and Nashik if the area to be painted exceeds 80 m². The exterior range will be launched on 10 February 2027."""

STORAGE = """SafeNest Self-Storage, Gurugram: frequently asked questions

How big are the units and what do they cost? The small unit measures 25 sq ft and costs ₹1,900 a month, the medium one 60 sq ft and ₹3,700, the large one 120 sq ft and ₹6,500. Whoever pays for a year in advance gets one month free.
When can I get in? Tenants can enter from 6 am to 11 pm every day; the office is staffed from 10 am to 7 pm, Sundays excepted. You open the gate with a PIN and the unit with your own padlock.
What may I store? Furniture, files and household goods. Food, plants, animals, gas cylinders and car batteries are forbidden. Cash and jewellery are stored at your own risk.
Is my property insured? Goods are insured up to ₹1,00,000 per unit against fire and theft; damage by moths is not covered. Higher cover costs ₹150 a month per additional lakh.
What about notice? The shortest rental is one month. Give 15 days' notice by e-mail. Rent is due on the 5th; after 10 days of delay the PIN is blocked, and after 90 days the contents may be auctioned. The deposit, one month's rent, is paid back within two weeks of moving out.
How do I bring my things? Trolleys are free. Our van with a driver costs ₹1,200 per trip within Gurugram. The ground floor is for large units, the first floor for medium ones and the second floor for small ones. Lifts run until 10 pm. Unit changes are arranged by Ms. Simran Ahuja."""

AUCTION = """Belvedere Auctions, Kolkata: conditions of sale

Viewing is on 4 and 5 December 2026 from 11 am to 6 pm; the sale starts on 6 December 2026 at 2 pm. Paintings are sold first, silver second and books last. Catalogues cost ₹600; registered bidders receive theirs free.
Bidders register with a photo identity card and a refundable deposit of ₹25,000. Bids may be placed in the room, by telephone or in writing, but not online. Telephone bids are accepted only for lots estimated at ₹50,000 or more.
A buyer's premium of 15% is added to the hammer price up to ₹10 lakh, and 12% to the part above that. Payment is due within 5 days by bank transfer or demand draft; cash is not accepted. Lots that have not been collected within 14 days are moved to a warehouse at the buyer's expense.
Sellers pay a commission of 10% and nothing for photographs. Unsold lots go back to the seller or into the next sale. Items over 100 years old may not leave the country. Lots are sold as seen; only forgeries can be returned, within 60 days. Paintings are valued by Mr. Subir Lahiri, silver by Ms. Tara Contractor, books by Dr. Imran Qureshi. Oils hang in the east hall, watercolours in the west hall."""

NOTARY = """Mehta & Rao, Advocates and Notaries, Hyderabad: fees and practice

A first meeting of up to 30 minutes is free; after that we charge ₹2,500 an hour for a partner and ₹1,400 an hour for an associate. An affidavit is notarised for ₹200, a power of attorney for ₹800. Stamp duty and court fees are paid by the client.
A will is drawn up for ₹7,500, a rent agreement for ₹3,000 and a partnership deed for ₹12,000. Wills must be signed in the presence of two witnesses, who must not be heirs. Originals are kept in our safe for five years without charge.
Property matters are handled by Ms. Lavanya Rao, divorces by Mr. Harsh Mehta, tax appeals by Mr. Yusuf Ali. We do not take criminal cases. Half of the agreed fee is payable at the start, the rest on completion. If a client withdraws before we have filed anything, we keep only 20% of the fee.
The office is open from 9:30 am to 6:30 pm from Monday to Friday; on Saturdays only notarial work is done, until 1 pm. Documents in Telugu or Urdu are translated in-house for ₹350 a page; other languages are sent to an outside translator. Calls are returned within one working day, e-mails within two. Senior citizens are visited at home without extra charge if they cannot travel. From 1 January 2027 the notary desk moves to Banjara Hills."""

KABADI_HI = """पुनर्चक्र: घर बैठे कबाड़ बेचें

सामान | दर प्रति किलो | न्यूनतम मात्रा
अख़बार | ₹14 | 10 किलो
लोहा | ₹28 | 5 किलो
प्लास्टिक | ₹9 | 8 किलो
ताँबा | ₹480 | 1 किलो

हमारी गाड़ी सुबह 9 से शाम 6 बजे के बीच आती है; बुकिंग एक दिन पहले ऐप पर या 7000-555-014 पर करें। तौल आपके सामने इलेक्ट्रॉनिक काँटे पर होती है। ₹2,000 तक का भुगतान नकद होता है, उससे ऊपर यूपीआई से।
काँच, गद्दे और दवाइयाँ हम नहीं लेते। पुराने फ्रिज और एसी लिए जाते हैं, पर उन्हें खोलने का ₹250 शुल्क काटा जाता है। तीसरी मंज़िल से ऊपर बिना लिफ़्ट वाले मकान से 50 किलो से ज़्यादा कबाड़ उठाने पर ₹100 लगते हैं।
सूखा कूड़ा नीले डिब्बे में, गीला हरे में और ई-कचरा लाल में डालें। लैपटॉप देने पर डेटा मिटाने का प्रमाण पत्र सात दिन में ई-मेल से भेजा जाता है। सोमवार को हमारी गाड़ी उत्तरी इलाके में, बुधवार को दक्षिणी और शुक्रवार को पूर्वी इलाके में रहती है। स्कूलों और अनाथालयों के लिए हर महीने की 25 तारीख़ को मुफ़्त कॉपियाँ बाँटी जाती हैं। शिकायत श्रीमती कविता सोनी सुनती हैं।"""

ROPEWAY_HI = """विंध्यवासिनी रोपवे: यात्रियों के लिए सूचना

आने-जाने का टिकट ₹140 का और एक तरफ़ का ₹85 का है। 4 फुट से कम लंबाई वाले बच्चों का टिकट आधा है, जबकि दो साल से छोटे बच्चे मुफ़्त जाते हैं। टिकट उसी दिन के लिए मान्य है और वापस नहीं होता, मौसम के कारण सेवा बंद होने पर ही पैसा लौटाया जाता है।
रोपवे सुबह 7 बजे से शाम 7 बजे तक चलता है; नवरात्रि में सुबह 5 बजे से रात 10 बजे तक। हर मंगलवार को दोपहर 12 से 2 बजे तक रखरखाव के लिए सेवा रुकती है। एक केबिन में छह लोग बैठते हैं और ऊपर पहुँचने में आठ मिनट लगते हैं।
पीले केबिन आम यात्रियों के लिए हैं, सफ़ेद केबिन बुज़ुर्गों और दिव्यांगों के लिए। 10 किलो तक का सामान साथ ले जा सकते हैं; नारियल और माचिस केबिन में ले जाना मना है। हवा की गति 45 किलोमीटर प्रति घंटा से ऊपर होने पर रोपवे रोक दिया जाता है।
निचले स्टेशन पर पार्किंग और क्लोक रूम है, ऊपरी स्टेशन पर भोजनालय और प्राथमिक उपचार केंद्र। 20 या उससे ज़्यादा लोगों के समूह को 10% छूट मिलती है, इसके लिए दो दिन पहले सूचना देनी होगी। खोया सामान स्टेशन प्रबंधक श्री गिरीश तिवारी के पास 30 दिन तक रखा जाता है।"""

BLOOD_HI = """जीवन बिंदु रक्त केंद्र, रायपुर

18 से 65 वर्ष का कोई भी स्वस्थ व्यक्ति, जिसका वज़न 45 किलो से ज़्यादा हो, रक्तदान कर सकता है। पुरुष हर तीन महीने में और महिलाएँ हर चार महीने में रक्तदान कर सकती हैं। हीमोग्लोबिन कम से कम 12.5 ग्राम होना चाहिए।
टैटू बनवाने के बाद छह महीने तक और मलेरिया ठीक होने के बाद तीन महीने तक रक्त नहीं लिया जाता। खाली पेट न आएँ; रक्तदान से पहले हल्का नाश्ता करें और बाद में 15 मिनट आराम करें। रक्तदान में केवल दस मिनट लगते हैं।
एक यूनिट पूर्ण रक्त का शुल्क ₹1,450, प्लाज़्मा का ₹400 और प्लेटलेट का ₹700 है। थैलेसीमिया के मरीज़ों को रक्त मुफ़्त मिलता है, उनके लिए डॉक्टर का पर्चा ज़रूरी है। पूर्ण रक्त 35 दिन तक, प्लेटलेट पाँच दिन तक और प्लाज़्मा एक साल तक सुरक्षित रहता है।
रक्तदाता को एक कार्ड दिया जाता है, जो साल भर मान्य है और जिस पर परिवार के लिए एक यूनिट बिना बदले के मिलती है। केंद्र दिन-रात खुला है, लेकिन रक्तदान सुबह 9 से शाम 5 बजे तक ही होता है। शिविर के लिए कम से कम 40 दाता चाहिए और आवेदन 15 दिन पहले करना होता है। प्रयोगशाला डॉ. नेहा साहू देखती हैं, शिविर श्री अमित वर्मा।"""

TURF_HING = """KickOff Turf, Thane – booking aur rules

Subah 6 se shaam 5 baje tak ek ghante ka ₹900 lagta hai, shaam 5 se raat 12 baje tak ₹1,400. Weekend par dono slot ₹200 mehnge hain. Booking ke time 30% advance online dena hota hai, baaki paisa match se pehle counter par.
24 ghante pehle cancel karne par advance wapas milta hai, uske baad nahi. Baarish mein match ruk jaye to doosra slot free milta hai. Ek side mein zyada se zyada 7 player khel sakte hain. Metal stud wale joote mana hain, rubber stud chalenge.
Football free milti hai, cricket kit ka kiraya ₹250 hai. Bibs laal team A ke liye hain, peele team B ke liye. Bade ground par football hota hai, chhote par cricket. Smoking aur chewing gum dono mana hain. Coaching Sunday subah 7 baje Coach Ravi Shetty dete hain, sirf 8 se 15 saal ke bachchon ke liye. Paanch booking ke baad chhathi booking half price mein milti hai. Locker ke liye apna taala laana padega."""


BLIND_CLAIMS: tuple[Claim, ...] = (
    *_claims(
        CINEMA,
        """
+ | paraphrase | A balcony seat for the night show costs ₹200, and a seat in the stalls ₹130.
+ | paraphrase | The matinee begins at a quarter past twelve.
+ | paraphrase | All seats are ₹99 on Tuesdays unless the film is in its first week.
+ | paraphrase | If you buy at the counter you avoid the online fee of ₹18 per ticket.
+ | paraphrase | When you cancel online at least an hour and a half before the show, the ticket price is refunded but the fee is not.
+ | paraphrase | Gujarati films run on Screen 2 and Hindi films on Screen 1.
+ | paraphrase | You may bring baby food and a bottle of water, but no other food from outside.
+ | paraphrase | Parking costs ₹15 for a two-wheeler and ₹40 for a car.
+ | paraphrase | People under 18 cannot watch an A-certificate film, even if their parents come along.
- | swap       | Screen 1 has 145 seats and Screen 2 has 320.
- | swap       | Caramel popcorn is sold in the foyer and salted popcorn upstairs.
- | role       | A balcony seat for the evening show costs ₹150.
- | role       | The evening show starts at 9:30 pm.
- | condition  | On Tuesdays you pay only ₹99 for any film, including new releases in their first week.
- | negation   | You can bring your own snacks into the hall.
- | number     | The refund for a cancelled ticket arrives within 2 working days.
- | name       | Requests for private screenings go to Mr. Kishor Solanki, the manager.
- | invented   | Students get a quarter off the price of the matinee with a college card.
""",
    ),
    *_claims(
        COFFEE,
        """
+ | paraphrase | The coffee is roasted twice a week, on Mondays and Thursdays, and sent out the following day.
+ | paraphrase | Half a kilo costs ₹780 and a full kilo ₹1,450.
+ | paraphrase | With a subscription you save 12 percent and pay nothing for shipping.
+ | paraphrase | Customers without a subscription are charged ₹70 for shipping.
+ | paraphrase | You can put your subscription on hold for eight weeks at most, and you can cancel whenever you want.
+ | paraphrase | Monsooned Malabar is roasted dark, Kerehaklu medium and Attikan light.
+ | paraphrase | Use a fine grind for espresso, a coarse one for a French press and a medium one for filter coffee.
+ | paraphrase | Keep the coffee in a cool cupboard rather than in the fridge, and finish it within six weeks after roasting.
+ | paraphrase | If you return ten empty bags, you get a 250-gram bag of coffee.
- | swap       | Attikan is a dark roast and Monsooned Malabar a light one.
- | swap       | A fine grind is recommended for the French press and a coarse one for espresso.
- | swap       | The 250 g bag costs ₹780 and the 500 g bag ₹420.
- | condition  | Shipping is free for all orders.
- | condition  | Any bag you do not like can be exchanged.
- | role       | The decaffeinated beans come from Chikkamagaluru.
- | number     | Changes to a subscription have to be made 24 hours before the next roast at the latest.
- | negation   | The roastery also delivers abroad.
- | date       | Tastings take place on the first Saturday of each month.
""",
    ),
    *_claims(
        PAINT,
        """
+ | paraphrase | One litre of interior emulsion covers 12 square metres.
+ | paraphrase | Wait 16 hours before you apply a second coat of wood enamel.
+ | paraphrase | The primer is dry to the touch after half an hour.
+ | paraphrase | Thin the enamel with turpentine and the emulsion with water, and never thin the primer.
+ | paraphrase | Fresh plaster needs 28 days to dry before you can prime it.
+ | paraphrase | You should not paint on a damp wall or in temperatures under ten degrees.
+ | paraphrase | Once opened, a tin lasts half a year; unopened, it keeps for three years.
+ | paraphrase | Untinted paint can be returned within 30 days if the seal is unbroken, but tinted paint cannot.
+ | paraphrase | The recommended finish is gloss for doors, matt for bedrooms and satin for kitchens.
- | swap       | Emulsion is thinned with turpentine and enamel with water.
- | swap       | Bedrooms look best in satin and kitchens in matt.
- | swap       | An unopened tin keeps for six months and an opened one for three years.
- | role       | Wood enamel is touch-dry after 45 minutes.
- | role       | One litre of primer covers 14 m².
- | condition  | The emulsion is guaranteed against peeling for five years in every room, bathrooms included.
- | condition  | A free colour consultant will visit your home in Pune whatever the size of the area.
- | date       | The exterior range comes out on 10 April 2027.
- | source     | Orders to Lakshadweep are not possible.
""",
    ),
    *_claims(
        STORAGE,
        """
+ | paraphrase | For ₹3,700 a month you get the medium unit of 60 square feet.
+ | paraphrase | If you pay twelve months up front, one month is free.
+ | paraphrase | You have access to your unit every day between 6:00 and 23:00.
+ | paraphrase | The gate opens with a PIN, and you lock the unit with a padlock of your own.
+ | paraphrase | You are not allowed to store food, plants, animals, car batteries or gas cylinders.
+ | paraphrase | The insurance pays up to one lakh rupees per unit for fire and theft, but moth damage is excluded.
+ | paraphrase | To move out, you must give 15 days' notice by e-mail.
+ | paraphrase | When the rent is ten days overdue, your PIN is blocked.
+ | paraphrase | Small units are on the second floor, large ones on the ground floor and medium ones on the first floor.
- | swap       | The ground floor is for small units and the second floor for large ones.
- | swap       | You open the gate with a padlock and the unit with a PIN.
- | role       | The large unit measures 60 sq ft.
- | role       | The office is staffed from 6 am to 11 pm.
- | number     | The contents may be auctioned after 60 days without payment.
- | negation   | Damage caused by moths is covered by the insurance.
- | condition  | The van with a driver costs ₹1,200 per trip anywhere in the country.
- | number     | The deposit is returned within one week of moving out.
- | invented   | Every corridor is watched by cameras around the clock.
""",
    ),
    *_claims(
        AUCTION,
        """
+ | paraphrase | You can view the lots on 4 and 5 December 2026, between 11 am and 6 pm.
+ | paraphrase | The auction begins at 14:00 on 6 December 2026, and paintings come first.
+ | paraphrase | To bid, you have to register with a photo ID and leave a deposit of ₹25,000, which is refundable.
+ | paraphrase | You can bid in writing, by phone or in person in the room, but there is no online bidding.
+ | paraphrase | Bids by telephone are possible only on lots with an estimate of at least ₹50,000.
+ | paraphrase | The buyer has five days to pay by demand draft or bank transfer.
+ | paraphrase | Anything you have not picked up after 14 days goes to a warehouse, and you pay for it.
+ | paraphrase | Dr. Imran Qureshi values the books, Mr. Subir Lahiri the paintings and Ms. Tara Contractor the silver.
+ | paraphrase | The seller's commission is 10 percent, and photographs cost nothing extra.
- | swap       | Paintings are valued by Ms. Tara Contractor and silver by Mr. Subir Lahiri.
- | swap       | Watercolours hang in the east hall and oils in the west hall.
- | swap       | Books are sold first and paintings last.
- | role       | Sellers pay a commission of 15%.
- | condition  | Catalogues are free for everybody who asks for one.
- | negation   | You may pay for your purchase in cash.
- | negation   | Items more than a century old may be taken out of the country.
- | condition  | Any lot can be returned within 60 days.
- | date       | The sale takes place on 16 December 2026.
""",
    ),
    *_claims(
        NOTARY,
        """
+ | paraphrase | An initial meeting of no more than half an hour costs nothing.
+ | paraphrase | An associate's time is billed at ₹1,400 an hour and a partner's at ₹2,500.
+ | paraphrase | Clients have to pay the stamp duty and the court fees themselves.
+ | paraphrase | A rent agreement costs ₹3,000, a partnership deed ₹12,000 and a will ₹7,500.
+ | paraphrase | Two witnesses must be present when a will is signed, and neither may be an heir.
+ | paraphrase | Mr. Harsh Mehta deals with divorces and Ms. Lavanya Rao with property matters.
+ | paraphrase | You pay 50 percent of the agreed fee at the beginning and the remainder when the work is done.
+ | paraphrase | On Saturdays the office only does notarial work, and only until 1 pm.
+ | paraphrase | The firm returns calls within one working day and replies to e-mails within two.
- | swap       | An affidavit is notarised for ₹800 and a power of attorney for ₹200.
- | swap       | Divorces are handled by Mr. Yusuf Ali and tax appeals by Mr. Harsh Mehta.
- | swap       | E-mails are returned within one working day, calls within two.
- | number     | Original documents are kept in the safe for fifteen years without charge.
- | condition  | If a client withdraws after papers have been filed, the firm keeps only 20% of the fee.
- | negation   | The firm also takes on criminal cases.
- | condition  | Documents in any language are translated in-house.
- | name       | From 1 January 2027 the notary desk will be in Jubilee Hills.
- | invented   | The consultation can also be held as a video call at half the price.
""",
    ),
    *_claims(
        KABADI_HI,
        """
+ | paraphrase | लोहे के लिए ₹28 किलो मिलते हैं, पर कम से कम 5 किलो देना होता है।
+ | paraphrase | गाड़ी बुलाने के लिए एक दिन पहले ऐप या फ़ोन पर बुकिंग करनी पड़ती है।
+ | paraphrase | कबाड़ ग्राहक के सामने ही इलेक्ट्रॉनिक काँटे पर तौला जाता है।
+ | paraphrase | दो हज़ार रुपये तक नकद मिलते हैं और उससे ज़्यादा रकम यूपीआई से दी जाती है।
+ | paraphrase | पुराना एसी या फ्रिज देने पर उसे खोलने के ₹250 काट लिए जाते हैं।
+ | paraphrase | ई-कचरा लाल डिब्बे में, सूखा कूड़ा नीले में और गीला कूड़ा हरे डिब्बे में जाता है।
+ | paraphrase | लैपटॉप का डेटा मिटाने का प्रमाण पत्र एक हफ़्ते में ई-मेल पर आ जाता है।
- | swap       | सूखा कूड़ा हरे डिब्बे में और गीला कूड़ा नीले डिब्बे में डालना होता है।
- | swap       | गाड़ी सोमवार को दक्षिणी इलाके में और बुधवार को उत्तरी इलाके में रहती है।
- | role       | प्लास्टिक की दर ₹14 प्रति किलो है।
- | negation   | पुराने गद्दे और काँच भी लिए जाते हैं।
- | condition  | तीसरी मंज़िल से ऊपर के हर मकान से कबाड़ उठाने के ₹100 लगते हैं, लिफ़्ट हो या न हो।
- | date       | मुफ़्त कॉपियाँ हर महीने की 15 तारीख़ को बाँटी जाती हैं।
- | source     | 20 या उससे ज़्यादा लोगों के समूह को 10% छूट मिलती है।
""",
    ),
    *_claims(
        ROPEWAY_HI,
        """
+ | paraphrase | एक तरफ़ जाने का टिकट ₹85 का है और दोनों तरफ़ का ₹140 का।
+ | paraphrase | दो साल से कम उम्र के बच्चों का टिकट नहीं लगता।
+ | paraphrase | नवरात्रि के दिनों में रोपवे सुबह पाँच बजे शुरू होकर रात दस बजे तक चलता है।
+ | paraphrase | मंगलवार को रखरखाव के कारण दोपहर में दो घंटे, 12 से 2 बजे तक, सेवा बंद रहती है।
+ | paraphrase | केबिन में 6 यात्री बैठ सकते हैं और ऊपर जाने में 8 मिनट का समय लगता है।
+ | paraphrase | सफ़ेद केबिन दिव्यांगों और बुज़ुर्गों के लिए रखे गए हैं, पीले केबिन आम यात्रियों के लिए।
+ | paraphrase | अगर हवा 45 किलोमीटर प्रति घंटे से तेज़ चले तो रोपवे बंद कर दिया जाता है।
- | swap       | आने-जाने का टिकट ₹85 का और एक तरफ़ का ₹140 का है।
- | swap       | पीले केबिन बुज़ुर्गों और दिव्यांगों के लिए हैं, सफ़ेद केबिन आम यात्रियों के लिए।
- | swap       | ऊपरी स्टेशन पर पार्किंग और क्लोक रूम है, निचले स्टेशन पर भोजनालय।
- | condition  | यात्री जब चाहे टिकट लौटाकर पैसा वापस ले सकता है।
- | number     | हर यात्री 15 किलो तक का सामान साथ ले जा सकता है।
- | negation   | नारियल केबिन में ले जाया जा सकता है।
- | invented   | ऊपरी स्टेशन पर यात्रियों के लिए मुफ़्त वाई-फाई है।
""",
    ),
    *_claims(
        BLOOD_HI,
        """
+ | paraphrase | महिलाएँ चार महीने के अंतर पर और पुरुष तीन महीने के अंतर पर रक्तदान कर सकते हैं।
+ | paraphrase | टैटू बनवाए हुए छह महीने न हुए हों तो रक्त नहीं लिया जाता।
+ | paraphrase | रक्त देने के बाद पंद्रह मिनट आराम करना चाहिए।
+ | paraphrase | प्लाज़्मा की एक यूनिट ₹400 की, प्लेटलेट की ₹700 की और पूर्ण रक्त की ₹1,450 की है।
+ | paraphrase | डॉक्टर का पर्चा दिखाने पर थैलेसीमिया के मरीज़ों से रक्त का कोई शुल्क नहीं लिया जाता।
+ | paraphrase | प्लेटलेट 5 दिन तक, पूर्ण रक्त 35 दिन तक और प्लाज़्मा साल भर तक ठीक रहता है।
+ | paraphrase | शिविर लगाने के लिए कम से कम चालीस रक्तदाता होने चाहिए और अर्ज़ी 15 दिन पहले देनी होती है।
- | swap       | पुरुष हर चार महीने में और महिलाएँ हर तीन महीने में रक्तदान कर सकती हैं।
- | swap       | पूर्ण रक्त पाँच दिन तक और प्लेटलेट 35 दिन तक सुरक्षित रहता है।
- | swap       | प्रयोगशाला श्री अमित वर्मा देखते हैं, शिविर डॉ. नेहा साहू।
- | negation   | रक्तदान के लिए खाली पेट आना चाहिए।
- | condition  | थैलेसीमिया ही नहीं, सभी मरीज़ों को रक्त मुफ़्त मिलता है।
- | number     | हीमोग्लोबिन कम से कम 10.5 ग्राम होना चाहिए।
- | condition  | रक्तदान दिन-रात कभी भी किया जा सकता है।
""",
    ),
    *_claims(
        TURF_HING,
        """
+ | paraphrase | Shaam 5 baje ke baad ek hour ka ₹1,400 aur usse pehle ₹900 lagta hai, weekend par dono mein ₹200 zyada.
+ | paraphrase | Book karte waqt 30 percent online dena padta hai, baaki counter par match se pehle.
+ | paraphrase | Agar baarish se match ruk jaye to aapko dusra slot muft mein milega.
+ | paraphrase | Metal stud pehenkar nahi khel sakte, lekin rubber stud allowed hain.
+ | paraphrase | Cricket kit ₹250 mein kiraye par milti hai, football ke paise nahi lagte.
- | swap       | Bade ground par cricket hota hai aur chhote par football.
- | swap       | Bibs peele team A ke liye hain, laal team B ke liye.
- | condition  | Advance kabhi bhi cancel karne par wapas mil jata hai.
- | condition  | Sunday ki coaching har umar ke logon ke liye hai.
- | invented   | Turf par khiladiyon ke liye garam paani ke shower bhi hain.
""",
    ),
)
