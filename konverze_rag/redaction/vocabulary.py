"""What the finders of personal data know: payment handles, calling codes, words beside other numbers."""

from __future__ import annotations

UPI_HANDLES = frozenset(
    """
    abfspay airtel airtelpaymentsbank albk allahabadbank allbank amazonpay andb apb apl aubank axis axisb axisbank
    axisgo axl axisupi bandhan barodampay barodapay bob boi bpunity cboi cbin cent centralbank citi citibank citigold
    cmsidfc cnrb corporation cosb cred csbcash csbpay db dbs dcb dcbbank denabank digibank dlb dnsbank eazypay equitas
    esafbank ezeepay fam fbl fbpe federal fifederal finobank freecharge freoicici goaxis gpay hdfc hdfcbank hdfcbankjd
    hsbc ibl icici icicibank icicipay idbi idbibank idfc idfcbank idfcfirst idfcnetc ikwik imobile inbank indbank
    indianbank indianbk indie indus indusind iob jio jiopay jkb jsb jsbp jupiteraxis karb karurvysyabank kaypay kbl
    kbl052 kmb kmbl kotak kotak811 kvb kvbank kvgb lime liv lvb lvbank mahb mairtel mbk mobikwik myicici nardb naviaxis
    nsdl nsdlpb nye obc ok okaxis okbizaxis okbizicici okhdfcbank okicici oksbi omni oneyes paytm payzapp phonepe
    pingpay pinelabs pnb pockets postbank postpay ptaxis pthdfc ptsbi ptyes ptys purz pz rajgovhdfcbank rapl ratn
    razorpay rbl rblbank rmhdfcbank rmrbl sbi sbin sbm sc scb scbl scmobile shriramhdfcbank sib slc slice sliceaxis
    spicepay srcb superyes svcbank syndbank syndicate synd tapicici tataneu tbsb thecosmos timecosmos tjsb tmb trans
    ubi uboi ucobank uco unionbank unionbankofindia united upi utbi utkarsh vijayabank vijb vjb waaxis wahdfcbank
    waicici wasbi wapay yapl yes yesbank yesbankltd yescred yesfam yesg yespay yespop yestp ybl zoicici
    """.split()  # noqa: SIM905 - as a list it would fill two hundred lines
)
"""Handles of payment service providers, as the third-party list of NPCI and the apps of the banks show them."""

# ITU-T E.164 country codes; the freephone code 800 is nobody's own number.
CALLING_CODE = (
    r"(?:1(?=(?:[ .()-]{0,2}[0-9]){10}(?![0-9]))|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-689][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[789][0-9]|80[18]|85[0-9]|88[0-9]|9[679][0-9])"
)

# Indian trunk codes of two digits; all others have three or four.
METRO_CODE = r"(?:11|20|22|33|40|44|79|80)"

# A number right behind one of these is an order, an article, a payment or an amount.
_NUMBERED = (
    r"order|ord|invoice|inv|bill|ticket|shipment|model|pnr|awb|tracking|docket|consignment|sku|serial|s/n|imei|batch|isbn|issn|ean|upc|gtin|barcode|hsn|sac|ref|reference|txn|transaction|utr|rrn|arn|receipt|challan|po|rs|inr|mrp"
    r"|ऑर्डर|आर्डर|इनवॉइस|चालान|बिल|टिकट|मॉडल|रसीद|ट्रैकिंग|लेनदेन|सीरियल|बैच|रु|रुपये|रुपए"
)
# These say so only together with "number", "id" or "code": "for booking: 98765 43210".
_NUMBERED_BY_NAME = (
    r"booking|case|item|article|product|part|version|lot|request|quote|complaint|pin|policy"
    r"|coupon|voucher|design|बुकिंग|शिकायत|उत्पाद|कूपन|पॉलिसी|पिन"
)
_NUMBER_WORD = r"no|nos|num|number|nambar|id|code|नंबर|नम्बर|संख्या|क्रमांक|आईडी|कोड"
_LINK = r"(?:is|hai|ka|की|का|है|था|tha|was)"
CODE_BEFORE = (
    rf"(?<![\p{{L}}\p{{M}}\p{{N}}])(?:(?:{_NUMBERED})(?:[ .:#/=-]*\b(?:{_NUMBER_WORD}|{_LINK})\b)*"
    rf"|(?:{_NUMBERED_BY_NAME})(?: {_LINK})?[ .#/-]*(?:{_NUMBER_WORD}|#)(?:[ .:#/=-]+{_LINK})*)[ .:#/=-]*$"
    r"|[₹$€£][ ]?$"
)
AMOUNT_BEHIND = (
    r" ?(?:/-|%|₹|(?:rupees?|rupaye|rs|inr|paise|lakhs?|crores?|km|kg|gm|ml|pcs|units|pieces|views|रुपये|रुपए|रु|लाख"
    r"|करोड़|किलो)(?![\p{L}\p{M}]))"
)
# Short capitals glued on by a dash are a series ("KX-9876543210") unless they announce a number.
SERIES_BEFORE = (
    r"(?<![\p{L}\p{M}\p{N}])(?!(?:PH|MOB|TEL|CELL|CALL|NO|FAX|WA|CC|UID|VID|CARD|M|T|P)[/-])"
    r"(?:[A-Z]{1,4}|[A-Za-z]+[0-9][A-Za-z0-9]*)[/-]$"
)
UPI_BEFORE = r"(?<![\p{L}\p{M}\p{N}])(?:upi|vpa|bhim|यूपीआई)(?:[ -]?(?:id|address|आईडी|पता))?(?: (?:is|hai|है))?[ :=-]*$"
