"""More words of one meaning, of trades and services: animals, travel, lessons, repairs, health, money, devices."""

from __future__ import annotations

SYNONYMS = """
animal animals pet pets जानवर पशु पालतू janwar
eat eats eaten ate feed feeds fed feeding food meal meals खाना खाएं खाते khana khaye
see sees seen saw view viewed visit visits देखना दिखाना देख dekhna
visit visits visiting visited admission admitted admit admits entry enter enters entrance प्रवेश एंट्री pravesh
tooth teeth dental dentist dentists दांत दांतों
skin dermatology dermatologist त्वचा चर्म
eye eyes ophthalmic optical आंख आंखों aankh
complaint complaints problem problems trouble issue issues disorder ailment समस्या परेशानी दिक्कत samasya pareshani
+ dikkat
join joins joined joining enrol enroll enrolled enrolment
finish finished finishes complete completed completes completion पूरा समाप्त खत्म poora
whole entire entirely full fully complete completely पूरा पूरी पूरे poora poori poore pura puri pure
waive waived waives waiver exempt exempted exemption free माफ maaf maf
permit permits permitted allow allowed let permission authorised authorized इजाजत अनुमति
forbid forbidden ban banned prohibited prohibit वर्जित मना mana
queue queues line lines कतार लाइन qatar
weekday weekdays कार्यदिवस
automatic automatically itself oneself स्वतः अपने-आप
blink blinks blinking flash flashes flashing टिमटिमाना
holiday holidays vacation vacations leave absence absent absences छुट्टी अवकाश
class classes lesson lessons session sessions lecture lectures batch batches कक्षा कक्षाएं बैच
pupil pupils child children student students kid kids
teacher teachers tutor tutors instructor instructors trainer trainers coach faculty शिक्षक अध्यापक
adult adults grown-up grown-ups वयस्क
baby babies infant infants toddler toddlers शिशु
senior seniors elderly वरिष्ठ बुजुर्ग bujurg
couple couples pair pairs जोडा
owner owners proprietor landlord मालिक maalik
manager managers supervisor superintendent प्रबंधक मैनेजर
agent agents representative representatives प्रतिनिधि एजेंट
technician technicians mechanic mechanics engineer engineers मिस्त्री तकनीशियन
carpenter carpenters बढई
driver drivers chauffeur चालक ड्राइवर chaalak
lawyer advocate advocates वकील
nurse nurses नर्स
chemist pharmacist pharmacy दवाखाना
apartment apartments flat flats फ्लैट
lift lifts elevator elevators लिफ्ट
toilet toilets washroom washrooms restroom bathroom शौचालय
building buildings premises block परिसर भवन इमारत
floor floors storey मंजिल तल manzil
road roads street streets lane सडक sadak
city town cities towns शहर नगर shehar shahar
village villages rural गांव ग्रामीण gaon
area areas region regions district locality zone क्षेत्र इलाका ilaka
country nation national देश राष्ट्रीय
abroad overseas foreign foreigner foreigners विदेश विदेशी videsh
local locals स्थानीय
next following अगला अगले अगली agla agle agli
bike bikes cycle cycles bicycle bicycles साइकिल
taxi taxis cab cabs टैक्सी कैब
bus buses coach बस
train trains रेलगाडी ट्रेन
boat boats ferry ferries नाव
flight flights fly flies plane उडान फ्लाइट
ticket tickets pass passes टिकट
ride rides riding trip trips journey सवारी
shuttle transfer transfers pick-up
borrow borrows borrowed lend lends lent loan loaned उधार
hire hires hired hiring rent rents rented rental lease leased किराया किराये किराए kiraya kiraye
buy order orders ordered खरीद मंगाना मंगवाना ऑर्डर
postpone postponed reschedule rescheduled move moved shift shifted defer deferred टालना बदलना
extend extended extends extension prolong prolonged बढाना
reduce reduced reduces reduction lower lowered decrease decreased घटाना
increase increased increases raise raised rise rises बढना बढाना वृद्धि
discount discounts discounted reduce reduced reduction off cheaper
insure insured insurer insurance बीमा
claim claims claimed दावा दावे daava
compensate compensated compensation compensates indemnity मुआवजा हर्जाना
cheque cheques चेक
transaction transactions लेनदेन
withdraw withdraws withdrawn withdrawal withdrawals निकासी निकालना
credit credited credits deposited
pay pays paid cost costs spend spends spent
overdue unpaid outstanding arrears due बकाया
lump sum once एकमुश्त ekmusht
sign signs signed signature हस्ताक्षर दस्तखत
approve approved approval approves agree agreed agrees consent sanction sanctioned accept accepted स्वीकृति मंजूर
decide decided decision निर्णय फैसला
answer answers answered reply replies replied respond responds response responses जवाब उत्तर jawab
ask enquire enquiry enquiries inquire question questions पूछना पूछताछ
hotline helpline hotlines line number हेल्पलाइन
website site portal web online वेबसाइट साइट पोर्टल
internet wifi wi-fi wireless इंटरनेट वाई-फाई
login log-in sign-in signin access लॉगिन
password passcode पासवर्ड
download downloads downloaded डाउनलोड
upload uploads uploaded अपलोड
delete deleted deletes deletion erase erased remove removed मिटाना हटाना
backup backups back-up बैकअप
restore restored recover recovered recovery retrieve retrieved
renew renewed renewal renewals renews नवीनीकरण नवीनीकृत
upgrade upgraded upgrades अपग्रेड
activate activated activation activates सक्रिय चालू
inactive dormant निष्क्रिय
block blocked disable disabled locked
spare spares replacement parts
part parts component components पुर्जा पुर्जे
service servicing serviced maintenance maintain maintained सर्विस रखरखाव
install installed installation installing fit fitted fitting इंस्टॉल
assemble assembled assembly put
uninstall dismantle dismantled
check checked checks checking test tests tested inspect inspected inspection examine examined examination verify जांच
+ परीक्षण jaanch janch
measure measured measurement measurements नाप माप
weigh weighs weight heavy heavier
tall taller height high higher ऊंचाई
long longer length last lasts लंबाई
thick thicker thickness मोटाई
wide wider width चौडाई
large larger bigger big biggest बडा
small smaller smallest lowest least minor छोटा
light lamp bulb bulbs बत्ती लाइट
heat heats heated heating warm warmed गर्म गरम garam
cold cool cooled chilled refrigerated ठंडा thanda
wet damp moist गीला
dry dried dries सूखा सुखाना
empty unfilled खाली khaali khali
fill filled fills भरना
hand hands manually manual हाथ haath
clean cleaned wash washed washes rinse rinsed धोना
cloth clothes clothing garment garments fabric dress कपडा कपडे kapda kapde
shoe shoes footwear जूते
bag bags sack sacks थैली थैला बैग
box boxes carton cartons container डिब्बा
glass glasses spectacles चश्मा चश्मे
glass काँच कांच शीशा
vegetarian veg शाकाहारी
breakfast नाश्ता nashta
lunch दोपहर-भोजन
dinner supper रात्रि-भोजन
tea snack snacks refreshments चाय नाश्ता
smoke smoking cigarette cigarettes धूम्रपान
music dj loudspeaker संगीत डीजे
party event events function functions ceremony celebration celebrations समारोह कार्यक्रम
wedding weddings marriage marriages शादी विवाह shaadi shadi
decorate decorated decoration decorations सजावट
hall halls auditorium venue हॉल
table tables desk desks मेज
bed beds bedding बिस्तर पलंग bistar
towel towels तौलिया
garden gardens बगीचा
lawn lawns लॉन
farmer farmers किसान किसानों kisan
crop crops harvest produce फसल उपज
milk दूध doodh dudh
vaccine vaccines vaccination vaccinations vaccinated injection injections jab jabs टीका टीकाकरण tika
fertiliser fertilizer fertilise fertilised feed fed खाद उर्वरक
surgery surgeries operation operations operate operated procedure procedures ऑपरेशन
therapy therapies treatment treatments उपचार इलाज ilaaj
prescription prescriptions prescribed पर्चा
sample samples specimen नमूना
report reports result results रिपोर्ट
admission admissions hospitalisation hospitalization admitted भर्ती
discharge discharged discharges
pregnant pregnancy expecting गर्भवती
homework assignment assignments
uniform uniforms dress वर्दी
library libraries पुस्तकालय
arrive arrives come comes reach reaches
lost-property belongings possession possessions saamaan सामान
forget forgotten forgets leave left
steal stolen theft चोरी chori
break breaks broken breakage तोडना टूटना
scratch scratches scratched खरोंच
tear torn फटना
false wrong incorrect incorrectly गलत galat
mistake mistakes error errors गलती galti
correct corrected correction corrections fix fixed rectify rectified सुधार सुधारा सुधारना
ready done finished तैयार
fast express urgent urgently rush quick तत्काल जल्दी jaldi turant तुरंत
immediately instantly instant straight turant तुरंत
separate separately apart individually अलग alag
together along combined jointly साथ साथ-साथ
same equal equals identical बराबर समान
different differ differs varies अलग भिन्न
gift gifts उपहार तोहफा
coupon coupons voucher vouchers code promo कूपन
point points reward rewards पॉइंट
nominee nominees नामिनी नॉमिनी
guarantor surety गारंटर
penalty penalised penalized fined जुर्माना
forfeit forfeited forfeits forfeiture जब्त zabt
courier couriers कूरियर
sender senders consignor भेजने
recipient recipients addressee receiver consignee
depot depots hub warehouse godown गोदाम
pack packed packing packaging wrap wrapped wrapping पैकिंग
print printed prints printing छपाई छापना छपवाने छपवाना छपवाते
colour color coloured colored रंगीन रंग
park parks parked parking पार्किंग
gate gates door doors दरवाजा
window windows खिडकी
fire आग
danger dangerous hazardous flammable खतरनाक
expert experts specialist specialists विशेषज्ञ
beginner beginners newcomer newcomers
advance ahead beforehand before prior पहले pehle
beginning start outset शुरुआत
midday noon दोपहर dopahar
afternoon afternoons दोपहर dopahar
morning mornings सुबह subah
evening evenings शाम shaam sham
night nights overnight रात raat
sit sits seat seated बैठना baith baithna
drink drinks drinking drunk पीना पिएं पी पीने peena
rest other others remaining बाकी अन्य baaki baki
bear bears pays paid pay
switch switched switches turn turned turns
cover covers covered coverage कवर
safe safely safety सुरक्षित
fixed set निश्चित तय
place placed order orders ordered
"""
"""Written as the lists of `meanings`: a line is one meaning, a plus goes on with the line above."""
