# ruff: noqa: E501 - documents and sentences as they come
"""Sentences about eight more invented businesses, as a good model would put them, labelled without sight of the checker.

The kinds: `paraphrase` (in other words, merged or reordered), `number`, `date`, `name` (one of them wrong), `swap`
(neighbours of a list without a verb of their own exchanged), `role` (a figure or a word that belongs to something
else, such as another row or column), `negation` (the meaning turned), `condition` (a condition, limit or quantity
dropped or changed), `source` (true of another source of this module) and `invented` (plausible, but not said)."""

from __future__ import annotations

from tests.rag.answering.claims import Claim, _claims

VET = """Pawline Veterinary Clinic, Mysuru: information for owners

A consultation costs ₹450 for cats, ₹600 for dogs and ₹300 for birds. Surgeries are done in the morning, vaccinations in the afternoon. Puppies get their first anti-rabies injection at three months and a booster one year later.
Animals must not be fed for eight hours before an operation; water may be given until two hours before it. In the waiting room dogs have to be on a leash and cats in a carrier. House calls are made within 12 km of the clinic and only by appointment; they cost ₹900.
Skin complaints are seen by Dr. Nandita Hegde on Tuesdays, teeth by Dr. Arun Pai on Fridays. Boarding is ₹500 a night for dogs and ₹350 for cats, food included. We do not treat cattle or horses. Blood reports are sent by WhatsApp the same evening. Bills unpaid after 30 days bear interest of 2% a month. The emergency line, 0821-555-0177, is answered from 8 pm to 8 am."""

POTTERY = """Mitti & Wheel Studio, Jaipur: courses and kiln rules

Course | Length | Fee | Class size
Hand-building | 4 weeks | ₹3,600 | 12
Wheel throwing | 8 weeks | ₹8,400 | 6
Glazing | 2 weeks | ₹2,200 | 10

Clay and tools are included in the fee, aprons are not. Beginners start with hand-building; the wheel course is open only to those who have completed it. A missed class can be made up within the same month if you tell us a day ahead.
The bisque firing is at 1000 °C on Mondays, the glaze firing at 1220 °C on Thursdays. Members may fire their own pieces for ₹25 per 100 g; pieces thicker than 2 cm are refused. Finished pots are kept for three weeks and then given away.
Terracotta comes in bags of 10 kg for ₹180, stoneware in bags of 5 kg for ₹260. Workshops for children aged 6 to 12 are held on Sunday mornings by Ms. Ruksana Lohar. Fees can be transferred to another person but are not refunded. The studio is closed on Wednesdays."""

NURSERY = """Harit Plant Nursery, Coimbatore: care and delivery

Roses need full sun, ferns shade and crotons half-shade. Succulents are watered every ten days in summer and every three weeks in winter. Citrus plants are fed in March and September, hibiscus every month from April to August.
Potted plants can be exchanged within 7 days if they wilt in spite of proper care; seeds and cut flowers cannot be exchanged. We repot for you at ₹120 per pot if you buy five plants or more. Delivery in the city is free from ₹1,500 upwards; below that it costs ₹99. Saplings taller than 2 m are delivered by truck only, on Saturdays.
Clay pots are reduced by 20% until 31 January 2027, plastic pots by 10% until 15 February 2027. Neem oil should be sprayed in the evening and never in direct sun. Lawn grass is sold at ₹18 per square foot. The nursery is open from 7 am to 6:30 pm every day except Monday. Bonsai classes are given by Mr. Joseph Kurien."""

FERRY = """Konkan Water Taxi: timetable and fares

Route | First boat | Last boat | Adult fare | Crossing time
Mandwa – Mumbai | 6:15 am | 8:30 pm | ₹160 | 55 minutes
Rewas – Karanja | 7:00 am | 6:45 pm | ₹40 | 20 minutes
Rajpuri – Janjira Fort | 9:30 am | 5:00 pm | ₹120 | 15 minutes

Children aged 3 to 10 pay half the adult fare; younger ones travel free. Scooters are carried for ₹70 and cars for ₹350, but only on the Mandwa route. Bicycles travel at no charge. When the port hoists the storm signal, no boats run and tickets are refunded in full. Otherwise a ticket can be moved to another day once, up to two hours before departure.
Life jackets must be worn on the upper deck. Alcohol is not allowed on board. The Janjira boats are suspended from June to August. Monthly passes are sold only at the Rewas counter, against proof of address. Lost property is kept for 45 days by the harbour master, Captain Elias D'Mello. The upper deck holds 60 passengers, the lower deck 110."""

MUSEUM = """Deccan Textile Museum: visitor information

Tickets cost ₹80 for Indian visitors and ₹400 for foreign visitors; admission is free on the first Sunday of each month. The museum opens at 10 am and closes at 5:30 pm; the ticket office closes half an hour earlier. The museum is closed on Mondays and on national holidays.
Shawls are displayed on the ground floor, saris on the first floor and carpets in the annexe. Guided tours start at 11 am in English and at 3 pm in Marathi; they cost ₹150 per person and are limited to 20 people. Photography without flash is permitted everywhere except in the annexe. Tripods need written permission from the curator, Dr. Meher Daruwala.
School groups of 15 or more pay ₹30 per pupil and must register a week in advance; one teacher per group is admitted free. Bags larger than 40 × 30 cm must be left in the cloakroom. The café serves tea and snacks but no meals. Wheelchairs can be borrowed at the entrance against an identity card. The loom is demonstrated on Saturdays at noon, natural dyeing on Sundays at 2 pm."""

DAIRY_HI = """गोकुल दुग्ध समिति: सदस्यों और ग्राहकों के लिए

गाय का दूध ₹52 प्रति लीटर और भैंस का दूध ₹68 प्रति लीटर बिकता है। सदस्यों से दूध सुबह 5 से 7 बजे तक और शाम को 4:30 से 6 बजे तक लिया जाता है। दूध में फैट 3.5% से कम होने पर ₹2 प्रति लीटर काटे जाते हैं।
सदस्यों को भुगतान हर 10 दिन पर बैंक खाते में होता है, नकद नहीं। सदस्यता शुल्क ₹200 है और सदस्य के पास कम से कम एक दुधारू पशु होना ज़रूरी है। पशु आहार सदस्यों को 15% छूट पर मिलता है, बाकी लोगों को पूरे दाम पर।
पनीर के लिए एक दिन पहले ऑर्डर देना होता है; घी और दही रोज़ मिलते हैं। घी काँच की बोतल में, दही मिट्टी के कुल्हड़ में और छाछ प्लास्टिक की थैली में दी जाती है। ₹500 से ऊपर की ख़रीद पर सामान मुफ़्त घर पहुँचाया जाता है। मिलावट पकड़े जाने पर सदस्यता रद्द कर दी जाती है। पशु चिकित्सक डॉ. रमेश यादव हर गुरुवार को समिति में आते हैं।"""

PRESS_HI = """चित्रगुप्त प्रिंटिंग प्रेस, इंदौर

काम | न्यूनतम संख्या | दर | समय
शादी के कार्ड | 100 | ₹18 प्रति कार्ड | 6 दिन
विज़िटिंग कार्ड | 250 | ₹2 प्रति कार्ड | 2 दिन
पोस्टर | 50 | ₹35 प्रति पोस्टर | 3 दिन

डिज़ाइन का शुल्क ₹500 है, लेकिन 300 से ज़्यादा शादी के कार्ड छपवाने पर यह माफ़ है। प्रूफ़ एक बार मुफ़्त सुधारा जाता है, उसके बाद हर सुधार के ₹75 लगते हैं। ग्राहक की मंज़ूरी के बाद निकली वर्तनी की ग़लती के लिए प्रेस ज़िम्मेदार नहीं है।
हिंदी की कंपोज़िंग श्री दिनेश जोशी करते हैं, अंग्रेज़ी की सुश्री फ़रहा ख़ान। रंगीन छपाई सोमवार और गुरुवार को होती है, श्वेत-श्याम छपाई बाकी दिनों में। ऑर्डर के साथ 40% अग्रिम देना होता है और बाकी रकम माल लेते समय। फ़ाइलें पीडीएफ़ में भेजें, वर्ड फ़ाइल स्वीकार नहीं की जाती। जल्दी काम के लिए 30% अतिरिक्त लगता है। तैयार माल 15 दिन तक न उठाने पर उसके बाद ₹20 प्रति दिन भंडारण शुल्क लगता है। रविवार को प्रेस बंद रहता है।"""

CYCLE_HING = """PedalPe Cycle Rental – kaise chalta hai

Normal cycle ₹20 per ghanta aur electric cycle ₹45 per ghanta milti hai. Poore din ka pass ₹150 ka hai, lekin yeh electric cycle par nahi chalta. Pehli ride se pehle ₹500 ka security deposit dena hota hai, jo account band karne par 5 din mein wapas aata hai.
Cycle sirf hamare stand par hi chhodni hai, warna ₹100 fine lagega. Puncture ka kharcha company deti hai, par chabi kho jaye to ₹300 customer ko dene honge. Helmet muft milta hai. 14 saal se kam umar ke bachche ride nahi kar sakte.
Hare stand par normal cycle milti hai, neele stand par electric. Service subah 6 se raat 10 baje tak chalti hai. Ek account se ek baar mein do cycle li ja sakti hain. Student ID dikhane par monthly plan ₹350 ka hai, baaki sabke liye ₹480 ka. Cycle shehar ke bahar le jaana mana hai."""


DEV_CLAIMS: tuple[Claim, ...] = (
    *_claims(
        VET,
        """
+ | paraphrase | Seeing the vet costs ₹600 for a dog, ₹450 for a cat and ₹300 for a bird.
+ | paraphrase | Operations take place in the mornings and vaccinations in the afternoons.
+ | paraphrase | Your pet should not eat for eight hours before surgery, but it can drink until two hours beforehand.
+ | paraphrase | Keep your cat in a carrier and your dog on a leash while you wait.
+ | paraphrase | A home visit costs ₹900, has to be booked in advance and is possible only within 12 kilometres of the clinic.
+ | paraphrase | Dr. Arun Pai sees dental cases on Fridays, and Dr. Nandita Hegde handles skin problems on Tuesdays.
+ | paraphrase | The boarding price of ₹350 per night for a cat already covers its food.
+ | paraphrase | Horses and cattle are not treated at the clinic.
- | swap       | A consultation costs ₹600 for cats and ₹450 for dogs.
- | swap       | Skin complaints are seen by Dr. Arun Pai and teeth by Dr. Nandita Hegde.
- | swap       | Vaccinations are given in the morning and surgeries are done in the afternoon.
- | negation   | Your pet may be fed normally in the hours before an operation.
- | condition  | House calls need no appointment and are made at any distance from the clinic.
- | number     | Boarding a dog costs ₹550 a night.
- | role       | Puppies receive the booster injection at three months.
- | invented   | Most pet insurance policies are settled directly with the insurer.
""",
    ),
    *_claims(
        POTTERY,
        """
+ | paraphrase | The wheel-throwing course runs for eight weeks and costs ₹8,400.
+ | paraphrase | The class size is 10 for glazing and 12 for hand-building.
+ | paraphrase | Your fee covers clay and tools but not an apron.
+ | paraphrase | You can only join the wheel course once you have finished hand-building.
+ | paraphrase | If you let the studio know one day in advance, you can make up for a missed class in the same month.
+ | paraphrase | Glaze firings are done on Thursdays at 1220 degrees and bisque firings on Mondays at 1000 degrees.
+ | paraphrase | Stoneware is sold at ₹260 for a 5-kilo bag and terracotta at ₹180 for a 10-kilo bag.
+ | paraphrase | You will not get your fee back, but you may pass it on to somebody else.
- | swap       | The bisque firing takes place on Thursdays and the glaze firing on Mondays.
- | swap       | Terracotta is sold in bags of 5 kg and stoneware in bags of 10 kg.
- | role       | The glazing course lasts four weeks.
- | role       | Hand-building costs ₹2,200.
- | condition  | The wheel course is open to anyone, including complete beginners.
- | number     | Members can fire their own pieces at ₹35 per 100 grams.
- | negation   | Pieces more than 2 cm thick are accepted for firing.
- | source     | Photography is permitted as long as you do not use a flash.
""",
    ),
    *_claims(
        NURSERY,
        """
+ | paraphrase | Ferns like shade, roses full sun and crotons half-shade.
+ | paraphrase | In winter, water your succulents once every three weeks; in summer, every ten days.
+ | paraphrase | Citrus plants get fertiliser twice a year, in March and in September.
+ | paraphrase | If a potted plant wilts although you cared for it properly, you can exchange it within a week.
+ | paraphrase | There is no exchange on cut flowers or seeds.
+ | paraphrase | Orders below ₹1,500 are delivered within the city for ₹99, and larger ones free of charge.
+ | paraphrase | Saplings over two metres tall are only delivered on Saturdays, by truck.
+ | paraphrase | Until 31 January 2027 you get 20 percent off clay pots.
- | swap       | Roses need shade and ferns full sun.
- | swap       | Clay pots are reduced by 10% and plastic pots by 20%.
- | swap       | Succulents are watered every three weeks in summer and every ten days in winter.
- | condition  | The nursery repots plants for ₹120 each, even if you buy only one.
- | negation   | Spray neem oil on the plants in direct sun.
- | date       | The reduction on plastic pots ends on 25 February 2027.
- | name       | The nursery stays closed on Tuesdays.
- | invented   | Customers can collect free compost at the weekend.
""",
    ),
    *_claims(
        FERRY,
        """
+ | paraphrase | An adult pays ₹40 for the trip from Rewas to Karanja, which takes 20 minutes.
+ | paraphrase | The last boat between Mandwa and Mumbai leaves at 20:30.
+ | paraphrase | Children under three travel free, and those between 3 and 10 pay half the adult fare.
+ | paraphrase | On the Mandwa route you can take a car along for ₹350 or a scooter for ₹70.
+ | paraphrase | You will get all your money back if the boats do not run because of a storm signal.
+ | paraphrase | You may change your ticket to another day one time, at the latest two hours before departure.
+ | paraphrase | From June until August there are no boats to Janjira.
+ | paraphrase | To buy a monthly pass you have to go to the Rewas counter with proof of your address.
- | swap       | Scooters are carried for ₹350 and cars for ₹70.
- | swap       | The lower deck holds 60 passengers and the upper deck 110.
- | role       | The first boat from Rewas to Karanja leaves at 6:15 am.
- | role       | The crossing to Janjira Fort takes 20 minutes.
- | condition  | Cars and scooters can be taken on all three routes.
- | negation   | You can drink alcohol on board.
- | name       | Lost property is kept by Captain Elias D'Souza.
- | source     | Bags larger than 40 × 30 cm have to be left in the cloakroom.
""",
    ),
    *_claims(
        MUSEUM,
        """
+ | paraphrase | Foreign visitors pay ₹400 for a ticket, while Indian visitors pay ₹80.
+ | paraphrase | On the first Sunday of every month you can visit the museum for free.
+ | paraphrase | The museum is open from 10:00 to 17:30, but not on Mondays or national holidays.
+ | paraphrase | You will find the carpets in the annexe, the shawls on the ground floor and the saris on the first floor.
+ | paraphrase | The Marathi tour starts at 3 pm and the English one at 11 am.
+ | paraphrase | A guided tour takes at most 20 people and costs ₹150 each.
+ | paraphrase | If you want to use a tripod, you need the curator's permission in writing.
+ | paraphrase | A school group of at least 15 has to register one week ahead and pays ₹30 for each pupil.
- | swap       | Guided tours start at 11 am in Marathi and at 3 pm in English.
- | swap       | Saris are displayed on the ground floor and shawls on the first floor.
- | swap       | The loom is demonstrated on Sundays and natural dyeing on Saturdays.
- | condition  | Admission is free every Sunday.
- | negation   | You may take photographs in the annexe.
- | number     | The ticket office closes one hour before the museum.
- | negation   | Full meals are served in the café.
- | invented   | An audio guide in five languages can be hired at the ticket office.
""",
    ),
    *_claims(
        DAIRY_HI,
        """
+ | paraphrase | भैंस का दूध ₹68 लीटर है और गाय का ₹52 लीटर।
+ | paraphrase | शाम को समिति साढ़े चार से छह बजे तक दूध लेती है।
+ | paraphrase | अगर दूध में फैट 3.5 प्रतिशत से कम हो तो हर लीटर पर दो रुपये कटते हैं।
+ | paraphrase | सदस्यों का पैसा हर दस दिन में सीधे उनके बैंक खाते में जाता है।
+ | paraphrase | पनीर चाहिए तो एक दिन पहले बताना होगा, जबकि दही और घी हर दिन मिल जाते हैं।
+ | paraphrase | दही मिट्टी के कुल्हड़ में, छाछ प्लास्टिक की थैली में और घी काँच की बोतल में मिलता है।
+ | paraphrase | जो सदस्य मिलावट करते पकड़ा जाता है, उसकी सदस्यता ख़त्म कर दी जाती है।
- | swap       | गाय का दूध ₹68 प्रति लीटर और भैंस का दूध ₹52 प्रति लीटर है।
- | swap       | घी मिट्टी के कुल्हड़ में और दही काँच की बोतल में दिया जाता है।
- | condition  | पशु आहार पर सभी ग्राहकों को 15% छूट मिलती है।
- | condition  | हर ख़रीद पर सामान मुफ़्त में घर पहुँचाया जाता है।
- | negation   | सदस्यों को दूध का भुगतान नकद किया जाता है।
- | number     | सदस्य बनने के लिए ₹250 देने होते हैं।
- | source     | प्रूफ़ एक बार मुफ़्त में सुधारा जाता है।
""",
    ),
    *_claims(
        PRESS_HI,
        """
+ | paraphrase | विज़िटिंग कार्ड कम से कम 250 छपवाने होते हैं और वे दो दिन में तैयार हो जाते हैं।
+ | paraphrase | एक शादी के कार्ड की छपाई के ₹18 लगते हैं।
+ | paraphrase | अगर आप 300 से अधिक शादी के कार्ड छपवाते हैं तो डिज़ाइन के ₹500 नहीं देने पड़ते।
+ | paraphrase | पहला सुधार मुफ़्त है, बाद के हर सुधार पर 75 रुपये लगते हैं।
+ | paraphrase | अंग्रेज़ी की कंपोज़िंग सुश्री फ़रहा ख़ान करती हैं और हिंदी की श्री दिनेश जोशी।
+ | paraphrase | ऑर्डर देते समय 40 प्रतिशत रकम पहले देनी होती है, बाकी माल उठाते वक़्त।
+ | paraphrase | वर्ड फ़ाइल नहीं चलेगी, अपनी फ़ाइल पीडीएफ़ में भेजें।
- | swap       | हिंदी की कंपोज़िंग सुश्री फ़रहा ख़ान करती हैं और अंग्रेज़ी की श्री दिनेश जोशी।
- | swap       | श्वेत-श्याम छपाई सोमवार और गुरुवार को होती है, रंगीन छपाई बाकी दिनों में।
- | role       | पोस्टर छह दिन में तैयार होते हैं।
- | role       | विज़िटिंग कार्ड की दर ₹35 प्रति कार्ड है।
- | condition  | शादी के कार्ड छपवाने पर डिज़ाइन का शुल्क हमेशा माफ़ होता है।
- | negation   | मंज़ूरी के बाद निकली वर्तनी की ग़लती की ज़िम्मेदारी प्रेस लेता है।
- | invented   | पुराने ग्राहकों को छपाई पर 5% की छूट दी जाती है।
""",
    ),
    *_claims(
        CYCLE_HING,
        """
+ | paraphrase | Electric cycle ka kiraya ₹45 per hour hai aur normal cycle ka ₹20.
+ | paraphrase | ₹150 wala full day pass electric cycle ke liye valid nahi hai.
+ | paraphrase | Account band karne ke baad ₹500 ka deposit paanch din mein wapas mil jata hai.
+ | paraphrase | Agar cycle company ke stand par nahi chhodi to ₹100 ka fine dena padega.
+ | paraphrase | Puncture theek karane ka paisa company deti hai.
+ | paraphrase | Aap ek account se ek saath do cycle le sakte hain.
- | swap       | Hare stand par electric cycle milti hai aur neele stand par normal.
- | swap       | Student ID par monthly plan ₹480 ka hai, baaki sabke liye ₹350 ka.
- | role       | Chabi khone par ₹300 company deti hai.
- | number     | Service raat 11 baje tak chalti hai.
- | condition  | 12 saal ke bachche bhi cycle chala sakte hain.
- | invented   | Baarish ke din rate aadha ho jata hai.
""",
    ),
)
