"""Words that carry no topic: English, Hindi and romanised Hindi (Hinglish).

The lists were written for this project. Negations and numbers are not here: `facts` compares those by meaning.
Hindi words stand as `wording.folded` spells them: no nukta, candrabindu as anusvara.
"""

from __future__ import annotations

_ENGLISH = """
a about above across after again against all also am an and any anyone anything are as at be because
been before being below between both but by came can come comes could did do does doing done down
during each either else ever every for from further gave get gets getting give given gives go goes
going gone got had has have having he her here hers him his how i if in into is it its itself just
know let like made make makes making many may me might mine more most much must my myself of off on
once only onto or other our ours out over own per please put same say says shall she should since so
some still such take taken takes taking tell than thank thanks that the their theirs them then there
these they thing this those through to too took under until up upon us use used uses using very via
want wants was way we went were what when where whether which while who whom whose why will with
within would yes yet you your yours yourself hello hi okay ok help need needed needs try called
"""
_HINDI = """
का की के को से में पर ने तक और या कि जो जब तब तो ही भी है हैं था थी थे हो होता होती होते होगा होगी
होंगे हुआ हुई हुए हूं रहा रही रहे गया गई गए जा जाता जाती जाते जाना जाए जाएगा जाएगी जाएंगे कर करता
करती करते करना करने करें करेगा करेंगे किया किए की करके कीजिए दिया दी दिए देना देने देता देते देंगे
लिया लिए लेना लेने लेते सकता सकती सकते सकेंगे चाहिए चाहता चाहते वाला वाली वाले यह ये वह वे वो इस उस
इन उन इसका इसकी इसके उसका उसकी उसके इनका इनकी इनके उनका उनकी उनके इसे उसे इन्हें उन्हें इसमें उसमें
मैं मेरा मेरी मेरे मुझे हम हमारा हमारी हमारे हमें आप आपका आपकी आपके आपको तुम अपना अपनी अपने क्या कौन
कब कहां कैसे कैसा कैसी क्यों कितना कितनी कितने किस किसका किसकी किसके किसे किसी कोई कुछ सब सभी हर साथ
लेकिन मगर परंतु किंतु तथा एवं अगर यदि फिर बाद पहले दौरान द्वारा अंदर भीतर बारे यहां वहां जैसे जैसा
बहुत कम बस कृपया बताएं बताइए बताओ मिल मिलता मिलती मिलते मिलेगा मिलेगी मिलेंगे लगता लगती लगते लगेगा
लगेगी लगेंगे लगना हां जी होने वही यही अब अभी जिस जिसका जिसकी जिसके जिसे जिन जिन्हें ऊपर नीचे
"""
_HINGLISH = """
ka ki ke ko se mein mai main par pe ne tak aur ya jo jab tab toh bhi hai hain tha thi ho hota hoti
hote hoga hogi honge hua hui hue hu hoon raha rahi rahe gaya gayi gaye ja jata jati jate jana jaye
jayega jayegi kar karta karti karte karna karne kare karein karega karu karun karo kijiye kiya diya
diye dena dene deta dete lena lene lete liya liye sakta sakti sakte chahiye wala wali wale yeh ye
woh wo vo iss uss inn unn iska iski iske uska uski uske inka inki inke unka unki unke ise use isko
usko isme usme mera meri mere mujhe hum hamara hamari hamare humein aap aapka aapki aapke aapko tum
apna apni apne kya kaun kab kahan kaha kaise kaisa kaisi kyun kyu kitna kitni kitne kis kisi koi
kuch sab sabhi har saath sath lekin magar agar phir baad pehle andar yahan wahan jaise bahut bas
kripya batao bataiye batayein milta milti milte milega milegi milenge haan ji hone wahi yahi abhi
jis upar niche liye lagta lagti lagte lagega lagenge
"""
# What is asked about a thing, not the thing: prices, periods, and what one does with it.
_PRICE = """
price prices pricing priced cost costs costing fee fees charge charges charged rate rates fare fares rent rental
rupee rupees rs inr
कीमत दाम शुल्क किराया फीस रेट दर ब्याज खर्च चार्ज मूल्य रुपये रुपए
keemat kimat daam dam shulk kiraya kharch kharcha rupaye byaj
"""
_PERIOD = """
day days daily week weeks weekly month months monthly year years yearly annual annually quarterly hour hours hourly
दिन सप्ताह महीना महीने मासिक साल सालाना वार्षिक वर्ष घंटा घंटे रोज
din hafte mahina mahine saal salana ghanta ghante roz
"""
_MANNER = """
amount total pay paid payment money buy book booking order change move cancel send new one single
full normal current minimum maximum least best
राशि पैसा पैसे बुक नया नई एक न्यूनतम अधिकतम paisa paise kharidna naya nayi ek
"""

STOP_WORDS: frozenset[str] = frozenset((_ENGLISH + _HINDI + _HINGLISH).split())
HINGLISH_WORDS: frozenset[str] = (
    frozenset(_HINGLISH.split()) - frozenset(_ENGLISH.split()) - {"main", "par", "use", "has"}
)
PRICE_WORDS: frozenset[str] = frozenset(_PRICE.split())
"""Words that ask for a price, however it is called in the source."""
GENERIC_WORDS: frozenset[str] = PRICE_WORDS | frozenset((_PERIOD + _MANNER).split())
"""Words of a question about a price that do not tell of what."""
