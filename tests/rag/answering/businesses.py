# ruff: noqa: E501 - documents as they come
"""Documents and questions of invented businesses, with the cosines of multilingual-e5-small as measured."""

from __future__ import annotations

from dataclasses import dataclass

BUSINESSES = {
    "gym": (
        "Gym subah 5:30 baje se raat 10 baje tak khula rehta hai. Sunday ko gym dopahar 12 baje band ho jata hai. Towel apna lana hota hai, locker muft hai.",
        "Gym ki fees ₹1,200 har mahine hai aur saal bhar ki fees ₹11,000 hai. Personal trainer ki fees alag se ₹700 har session lagti hai. Membership ek baar 30 din ke liye rok sakte hain.",
        "Hamara gym Indore mein Vijay Nagar square ke paas hai. Parking building ke neeche muft mein milti hai.",
    ),
    "salon": (
        """Service | Duration | Price
Haircut for women | 45 minutes | ₹600
Haircut for men | 30 minutes | ₹350
Hair spa | 60 minutes | ₹1,200
Facial | 50 minutes | ₹1,500""",
        "Appointments can be moved free of charge up to 4 hours before. Late cancellations cost half of the service. We use only sulphate-free products. The salon is closed on Mondays.",
    ),
    "isp": (
        """Plan | Speed | Monthly price | Installation
NV-100 | 100 Mbps | ₹499 | ₹500
NV-300 | 300 Mbps | ₹899 | free
NV-1000 | 1 Gbps | ₹1,999 | free""",
        "The NetVayu router is rented at ₹100 a month. It must be given back when the connection ends. The deposit for the router is ₹1,500.",
        "The warranty on the AquaVayu water purifier is 12 months. Filters are changed once a year. The pick-up of an old purifier costs Rs 80.",
    ),
    "bank": (
        "गृह ऋण की ब्याज दर 8.75 प्रतिशत से शुरू होती है। गृह ऋण की अवधि 20 वर्ष तक हो सकती है। आवेदन के साथ आधार कार्ड, पैन कार्ड, छह महीने की वेतन पर्ची और संपत्ति के दस्तावेज़ देने होते हैं। गृह ऋण समय से पहले चुकाने पर कोई शुल्क नहीं लगता।",
        "बचत खाते में न्यूनतम शेष राशि ₹2,000 है। डेबिट कार्ड का वार्षिक शुल्क ₹199 है। खाता खुलने के 7 दिन में पासबुक मिलती है।",
        "शाखा सोमवार से शुक्रवार सुबह 10 बजे से शाम 4 बजे तक खुली रहती है। दूसरे और चौथे शनिवार को शाखा बंद रहती है।",
    ),
    "hotel": (
        "Check-in starts at 1 pm and check-out is at 11 am. Breakfast is included in the room price. Dogs and cats are not allowed in the rooms, but they may stay in the garden house.",
        "Cancellation is free until 3 days before arrival; later cancellations cost one night. We accept UPI and cards. Airport pick-up costs ₹1,800 per car and must be booked by phone.",
    ),
    "mixed": (
        "दुकान सुबह 10 बजे खुलती है और रात 9 बजे बंद होती है। मिठाई 3 दिन तक ताज़ी रहती है। पाँच किलो से बड़े ऑर्डर पर एक दिन पहले बताना होता है।",
        "Hamari dukaan mein party hall bhi hai jisme 60 log baith sakte hain. Party hall ka kiraya ₹5,000 hai. Ghar tak delivery 5 km ke andar muft hai.",
    ),
}


@dataclass(frozen=True, slots=True)
class BusinessQuestion:
    """A question to a business.

    Attributes:
        language: Of the question.
        business: Key of `BUSINESSES`.
        text: The question.
        is_answered: Whether the documents answer it.
        cosines: With each of the documents.
    """

    language: str
    business: str
    text: str
    is_answered: bool
    cosines: tuple[float, ...]


QUESTIONS = (
    BusinessQuestion("english", "salon", "How much is a haircut for men?", True, (0.89, 0.828)),
    BusinessQuestion("english", "salon", "Can I move my appointment?", True, (0.802, 0.877)),
    BusinessQuestion("english", "salon", "Which day is the salon closed?", True, (0.793, 0.845)),
    BusinessQuestion("english", "salon", "How much does a manicure cost?", False, (0.86, 0.849)),
    BusinessQuestion("english", "salon", "Do you do bridal make-up?", False, (0.803, 0.807)),
    BusinessQuestion("english", "isp", "What is the monthly price of NV-300?", True, (0.888, 0.832, 0.788)),
    BusinessQuestion("english", "isp", "What is the deposit for the router?", True, (0.813, 0.881, 0.758)),
    BusinessQuestion("english", "isp", "What is the warranty on the NetVayu router?", False, (0.83, 0.907, 0.852)),
    BusinessQuestion("english", "isp", "What is the monthly price of NV-500?", False, (0.88, 0.837, 0.787)),
    BusinessQuestion("english", "gym", "What are the monthly fees?", True, (0.789, 0.856, 0.776)),
    BusinessQuestion("english", "gym", "Do you have a branch in Kolkata?", False, (0.835, 0.794, 0.822)),
    BusinessQuestion("hindi", "bank", "गृह ऋण के लिए कौन से दस्तावेज़ चाहिए?", True, (0.9, 0.817, 0.78)),
    BusinessQuestion("hindi", "bank", "बचत खाते में कम से कम कितनी राशि रखनी होती है?", True, (0.824, 0.907, 0.783)),
    BusinessQuestion("hindi", "bank", "शनिवार को शाखा खुली रहती है?", True, (0.777, 0.811, 0.919)),
    BusinessQuestion("hindi", "bank", "कार ऋण की ब्याज दर क्या है?", False, (0.876, 0.828, 0.766)),
    BusinessQuestion("hindi", "bank", "क्रेडिट कार्ड का वार्षिक शुल्क कितना है?", False, (0.856, 0.878, 0.781)),
    BusinessQuestion("hindi", "hotel", "क्या नाश्ता शामिल है?", True, (0.809, 0.769)),
    BusinessQuestion("hindi", "mixed", "क्या आपके यहाँ स्विमिंग पूल है?", False, (0.78, 0.822)),
    BusinessQuestion("hinglish", "gym", "gym kitne baje khulta hai?", True, (0.891, 0.866, 0.864)),
    BusinessQuestion("hinglish", "gym", "gym mein yoga class ki fees kitni hai?", False, (0.868, 0.916, 0.858)),
    BusinessQuestion("hinglish", "gym", "Kya swimming pool hai?", False, (0.829, 0.816, 0.83)),
    BusinessQuestion("hinglish", "hotel", "airport pick-up ka kitna lagta hai?", True, (0.797, 0.86)),
    BusinessQuestion("hinglish", "salon", "Facial ka price kya hai?", True, (0.88, 0.827)),
    BusinessQuestion("hinglish", "mixed", "kya aap online payment lete hain?", False, (0.779, 0.85)),
)
