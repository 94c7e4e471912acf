"""Words of business language that mean the same, in English, Hindi and Hinglish."""

from __future__ import annotations

from konverze_rag.answering.synonyms import SYNONYMS
from konverze_rag.answering.wording import folded, stem

# Each line is one meaning; a plus goes on with the line above. A word may stand in several. Words that answer the same
# question differently never share one.
_MEANINGS = """
return returned refund refunds refunded refundable reimburse reimbursed repaid वापस वापसी लौटा लौटाना wapas
+ wapis lauta lautana
cancel cancelled cancellation रद्द कैंसल निरस्त radd
begin begins begun start starts commence commences onset शुरू आरंभ प्रारंभ shuru
end ends terminate terminated termination finish finishes conclude expire expires समाप्त खत्म khatam
leave leaves left depart departs departure निकलना निकलती रवाना प्रस्थान चलना चलती छूटना nikalna nikalti chalna
leave leaves left quit quits exit छोड़ना छोड़ते chhodna
arrive arrives arrival reach reaches पहुंच पहुंचना aana pahunch pahunchna
buy buys bought purchase purchased purchasing खरीद खरीदना kharid kharidna
sell sells sold sale बेचना बिक्री bikri bechna
pay pays paid payable payment payments money पैसा पैसे paisa paise settle remit भुगतान चुकाना चुकता अदा
+ भरना भरने जमा bhugtan chukana bharna jama
submit submitted file filed furnish produce जमा प्रस्तुत दाखिल jama
deliver delivered delivers delivery deliveries पहुंचाना डिलीवरी pahunchana
send sends sent dispatch dispatched ship shipped mail mailed भेजना bhejna
keep keeps kept store stored stores storage retain retained hold held रखना rakhna
allow allowed permit permitted permission अनुमति इजाजत anumati ijazat
permission consent approval approved approve agree agreed अनुमति मंजूरी स्वीकृति सहमति manzoori
auction auctions bid bidding नीलामी बोली
request requested requests ask asks asked
new नया नए नई naya naye nayi
old पुराना पुराने पुरानी purana purane
big large बड़ा बड़े बड़ी bada bade badi
small little छोटा छोटे छोटी chhota chhote
original originals मूल असली asli
side party parties
class classes classroom classrooms
book booked booking bookings appointment appointments reserve reserved reservation बुक बुकिंग आरक्षण आरक्षित
inform informed notify notified notice tell told intimate intimation announce announced सूचना सूचित बताना खबर
+ suchna batana
contact call phone ring telephone संपर्क फोन कॉल मिलना sampark
report reported register registered lodge lodged दर्ज रिपोर्ट पंजीकरण
register registration registered enrol enroll enrolment sign पंजीकरण पंजीयन नामांकन
repair repaired repairs fix fixed mend mended restore restored मरम्मत ठीक सुधार सुधारना marammat theek
change changed changes बदलाव badlav modify modified alter altered amend बदलना परिवर्तन badalna
exchange exchanged replace replaced replacement swap swapped बदलना badalna
damage damaged damages broken harm faulty defective defect नुकसान क्षति खराब टूटना kharab nuksan
lose loses lost loss misplace misplaced missing खोना गुम gum khona
remove removed take-off detach हटाना निकालना hatana
last lasts runs run valid validity effective चलना चलता चलती मान्य मान्यता वैध वैधता chalna chalta chalti
expiry expire expires lapse lapses समाप्त
open opens opened opening खुलना खुला खुलता kholna khulna khula khulta
teach teaches taught lead leads led conduct conducts conducted instruct पढ़ाना सिखाना padhana sikhana
treat treats treated handle handles handled deal deals dealt attend attended process processed resolve resolved
+ perform performs performed done इलाज निपटारा समाधान
deduct deducted deduction deducts cut withhold withheld कटौती काटना कटना katna katauti
discount rebate concession reduction off छूट रियायत chhoot chhut riyayat
penalty fine fines penalties जुर्माना दंड पेनल्टी jurmana
late delay delayed delays overdue देर देरी विलंब विलंबित der deri vilamb
price prices priced cost costs costing fee fees charge charges charged chargeable rate rates rent rental rents
+ fare fares tariff expense expenses payment pays paid pay कीमत दाम शुल्क किराया फीस रेट दर खर्च चार्ज मूल्य भाड़ा
+ keemat kimat daam dam shulk kiraya kharch kharcha
amount amounts money sum sums funds रकम राशि पैसा पैसे धन rakam rashi paisa paise
rest remaining remainder balance शेष बाकी बचा baki baaki
advance ahead upfront beforehand prepayment अग्रिम पेशगी एडवांस peshgi
deposit security अमानत जमानत सुरक्षा धरोहर
free complimentary gratis मुफ्त निशुल्क निःशुल्क फ्री muft
free include includes included inclusive शामिल shamil shaamil
always हमेशा hamesha
every each all any per har हर सभी सब sab sabhi प्रत्येक प्रति no none
only solely just alone केवल सिर्फ sirf ही except unless
yearly annual annually वार्षिक सालाना per
monthly मासिक per
weekly साप्ताहिक per
quarterly त्रैमासिक तिमाही per
now currently presently अभी फिलहाल abhi filhaal
extra additional additionally further surcharge exclude excludes excluded exclusive अतिरिक्त अलग atirikt alag
include includes included inclusive including covered शामिल सहित समेत जुड़ा shamil shaamil
exclude excludes excluded exclusive excluding except छोड़कर सिवाय अलावा
tax taxes कर टैक्स
home house doorstep घर ghar
office offices bureau कार्यालय दफ्तर ऑफिस karyalay daftar
shop shops store outlet दुकान dukan dukaan
school institute विद्यालय स्कूल पाठशाला
hospital clinic अस्पताल क्लिनिक
child children kid kids minor बच्चा बच्चे बच्चों bachcha bachche bachchon
student students pupil pupils learner learners विद्यार्थी विद्यार्थियों छात्र छात्रा
parent parents guardian guardians अभिभावक
passenger passengers traveller travellers traveler rider riders यात्री यात्रियों मुसाफिर sawari yatri
patient patients मरीज मरीजों रोगी mareez
woman women lady ladies female महिला महिलाओं स्त्री mahila mahilaon aurat
man men male पुरुष पुरुषों purush
guest guests visitor visitors मेहमान मेहमानों अतिथि आगंतुक mehman
relative relatives परिजन रिश्तेदार
employee employees staff worker कर्मचारी कर्मचारियों स्टाफ karmchari
doctor doctors physician चिकित्सक डॉक्टर
customer customers client clients buyer buyers consumer consumers ग्राहक ग्राहकों उपभोक्ता उपभोक्ताओं grahak
member members सदस्य सदस्यों sadasya
membership memberships सदस्यता sadasyata
tenant tenants किराएदार किराएदारों किरायेदार
document documents paper papers दस्तावेज दस्तावेजों कागज कागजात
certificate certificates certified प्रमाण praman
application applications apply applies applied applicant आवेदन आवेदक avedan
complaint complaints grievance grievances शिकायत शिकायतों shikayat
vehicle vehicles car cars गाड़ी गाड़ियां गाड़ियों वाहन gaadi gadi
room rooms कमरा कमरे kamra kamre
water पानी जल paani pani
electricity power बिजली विद्युत bijli
food meal meals भोजन खाना khana bhojan
luggage baggage सामान saamaan saman
parcel parcels package packages shipment consignment पार्सल
phone phones mobile telephone फोन मोबाइल
mail e-mail email ईमेल
sms text message messages एसएमएस संदेश
cash नकद कैश nakad
upi यूपीआई
post postal डाक
whatsapp व्हाट्सएप
monday mondays सोमवार somvar
tuesday tuesdays मंगलवार mangalvar
wednesday wednesdays बुधवार budhvar
thursday thursdays गुरुवार guruvar
friday fridays शुक्रवार shukravar
saturday saturdays शनिवार shanivar
sunday sundays रविवार इतवार ravivar itvaar
aadhaar aadhar आधार
pan पैन
account accounts खाता खाते khata
bill invoice invoices बिल
receipt receipts रसीद raseed
time times timing timings समय वक्त samay
date dates तारीख तिथि tareekh tarikh
deadline final last अंतिम आखिरी antim aakhri
daily everyday प्रतिदिन दैनिक रोज रोजाना rozana roz every each
lesson lessons class classes course courses पाठ्यक्रम कक्षा कोर्स
exam exams examination examinations test tests परीक्षा pariksha
training trained प्रशिक्षण
book books किताब किताबें किताबों पुस्तक पुस्तकें kitab
medicine medicines medication drug drugs दवा दवाई दवाइयां dawa dawai
surgery operation operations शल्य ऑपरेशन
disease diseases illness रोग बीमारी bimari
insurance insured insure बीमा बीमित beema
loan loans credit ऋण कर्ज udhar उधार
interest ब्याज byaj
income earnings आय aay
salary wages वेतन vetan
age aged old older years आयु उम्र umar umr
weight weigh weighs weighing heavy heavier heaviest वजन भार wazan
speed fast faster quick quickly तेज रफ्तार
limit limited cap capped maximum max most सीमा अधिकतम seema adhiktam
maximum most upto exceed exceeds exceeding more over above beyond अधिक ज्यादा ऊपर अधिकतम zyada jyada upar
minimum least न्यूनतम कम
exhaust exhausted used consume consumed finish finished खत्म
bear bears borne liable liability responsible responsibility उठाना वहन जिम्मेदार जिम्मेदारी
write written writing लिखित likhit
photo photos photograph photographs picture pictures फोटो तस्वीर
key keys चाबी chabi
lock ताला taala
reason reasons ground grounds cause causes due because कारण वजह karan wajah
proof evidence प्रमाण सबूत
address पता पते
branch branches शाखा
machine machines मशीन यंत्र
seat seats सीट
journey trip trips travel यात्रा सफर yatra safar
support supporting सहायता मदद
facility facilities सुविधा सुविधाएं
show shows shown present display दिखाना dikhana
bring brings brought carry carried carries लाना ले lana
wear wears worn पहनना pahanna
attendance उपस्थिति हाजिरी
emergency emergencies आपातकाल आपातकालीन
repeat again दोबारा फिर
double twice twofold दुगना दुगनी दोगुना दोगुनी डबल dugna dugni duguna
half halves halved आधा आधी आधे aadha aadhi
pause paused pauses freeze frozen suspend suspended
release released launched issued जारी
capacity holds seat accommodate क्षमता बैठना
unlimited limitless असीमित अनलिमिटेड
fail failed fails failure unsuccessful असफल विफल
wash washing laundry dhulai धुलाई
clean cleaned cleaning साफ सफाई saaf safai
boil boils boiled boiling उबाल उबालना उबालकर
drink पीना पिएं
story stories कहानी कहानियां कहानियों
near nearby close पास निकट
guarantee warranty guaranteed वारंटी गारंटी
holiday holidays vacation leave छुट्टी छुट्टियां अवकाश chhutti
copy copies duplicate प्रति नकल
list lists सूची
transfer transferred transfers move moved
require required requires requirement need needs needed necessary mandatory compulsory obligatory essential
+ जरूरी आवश्यक अनिवार्य जरूरत चाहिए zaroori jaruri
collect collected collects pick picked fetch
choose chosen select selected opt चुनना
accept accepted accepts acceptable स्वीकार स्वीकृत मानना
reject rejected refuse refused declined decline अस्वीकार नामंजूर
help assistance assist support मदद सहायता
result results परिणाम नतीजा नतीजे
identity identification पहचान
instalment instalments installment installments emi किस्त किस्तें किस्तों kist
stay stays stayed remain remains ठहरना रुकना रहना rukna theharna
live lives reside resides resident residents रहना निवासी
newer later
ready prepared तैयार taiyar
owner owned belong belongs property संपत्ति मालिक
"""

# They say little by themselves: missing, they cost nothing; held, they count.
_OPTIONAL = """
available availability offer offers offered provide provides provided providing give gives given receive receives
received obtain get have has exist exists apply applies applicable possible able simply please include
exceeding undercutting least most
required requires need needs needed necessary जरूरी आवश्यक अनिवार्य zaroori jaruri
allow allowed permit permitted अनुमति already own age aged उम्र umar
person people anyone someone somebody everyone individual customer customers client clients member members user users
visitor visitors guest guests passenger passengers
clinic hospital company firm business shop store studio institute organisation organization agency centre center
school bank restaurant hotel salon gym
amount amounts sum
व्यक्ति लोग लोगों ग्राहक सदस्य यात्री यात्रियों राशि रकम सुविधा उपलब्ध संभव जरूरत per now currently अभी फिलहाल abhi filhaal
मिल मिलना रखना रख लग लगना पड़ पड़ना पड़ता पड़ती पड़ेगा बता होना सकना चाहना
log logon grahak rashi rakam milna suvidha uplabdh padta padega padti lagta
सीधे सीधा seedhe direct directly straight simply
case cases way time times place service thing note according listed stated mentioned kind
"""


# Missing in the source, they make another statement of the sentence: how often, how much, members of closed classes.
_DECISIVE = """
monday tuesday wednesday thursday friday saturday sunday
सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार somvar mangalvar budhvar guruvar shukravar shanivar ravivar
aadhaar aadhar pan voter ration passport आधार पैन वोटर राशन पासपोर्ट
cash cheque upi email mail phone ईमेल फोन post courier sms whatsapp नकद चेक यूपीआई डाक व्हाट्सएप nakad
हमेशा hamesha free always unlimited असीमित every each all har हर सभी सब sab sabhi प्रत्येक only केवल सिर्फ sirf
yearly monthly weekly daily quarterly half-yearly annual annually वार्षिक मासिक साप्ताहिक दैनिक
मुफ्त निशुल्क निःशुल्क muft
"""


def form(word: str) -> str:
    """The word without its inflection; but "monthly" is no month."""
    bare = folded(word)
    return bare if bare.endswith("ly") else stem(bare)


def _root(word: str) -> str:
    """The form of a word, of Hindi verbs what all their forms share."""
    bare = form(word)
    return bare if bare.isascii() else form(bare)


def _by_form() -> dict[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    for number, row in enumerate((_MEANINGS + SYNONYMS).replace("\n+ ", " ").split("\n")):
        for word in row.split():
            found[_root(word)] = found.get(_root(word), frozenset[int]()) | {number}
    return found


_BY_FORM = _by_form()
_NONE: frozenset[int] = frozenset()
# Looked up before the form is made, which takes longer.
_BY_WORD = {word: _BY_FORM[_root(word)] for word in (_MEANINGS + SYNONYMS).split() if word != "+"}
_OPTIONAL_FORMS = frozenset(map(_root, _OPTIONAL.split()))
_ORDINALS = """
first second third fourth fifth last पहला पहली दूसरा दूसरी दूसरे तीसरा तीसरी तीसरे चौथा चौथी चौथे आखिरी अंतिम
pehla pehli dusra dusri dusre teesra teesri teesre aakhri
"""
_ORDINAL_WORDS = frozenset(_ORDINALS.split())
_EXCLUSIVE = frozenset({"only", "solely", "केवल", "सिर्फ", "sirf"})
_DECISIVE_FORMS = frozenset(map(_root, _DECISIVE.split()))


def meanings(word: str) -> frozenset[int]:
    """The meanings that the lists know of the word in any inflection, by number; mostly none."""
    known = _BY_WORD.get(word)
    return _BY_FORM.get(_root(word), _NONE) if known is None else known


def is_optional(word: str) -> bool:
    """Whether the word says little: a sentence may have it where its source does not."""
    return _root(word) in _OPTIONAL_FORMS


def is_decisive(word: str) -> bool:
    """Whether a sentence with this word says another thing than one without it."""
    return _root(word) in _DECISIVE_FORMS


def is_exclusive(word: str) -> bool:
    """Whether the word leaves nothing else: "only"."""
    return word in _EXCLUSIVE


def is_ordinal(word: str) -> bool:
    """Whether the word tells which of several is meant."""
    return word in _ORDINAL_WORDS
