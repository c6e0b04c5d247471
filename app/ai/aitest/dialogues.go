package aitest

import "crk/app"

// Dialogues are calls as a small business has them, with what is to be thought of
// them in Thai and in English.
func Dialogues() []Dialogue {
	return []Dialogue{appointment(), lateDelivery(), refund(), wrongNumber(), price(), outage(), callback(), machine()}
}

func agent(text string) Line    { return Line{app.SpeakerAgent, text} }
func customer(text string) Line { return Line{app.SpeakerCustomer, text} }

// A verdict is what both languages of a review share.
type verdict struct {
	sentiment, tag, direction string
	points                    [4]int // greeting, understands, solves, manners
	highlights                []string
}

// opinion is what a review says in one language.
type opinion struct {
	summary, reason string
	topics, actions []string
	points          [4]string // why, by criterion
}

func reviews(v verdict, th, en opinion) map[string]map[string]any {
	return map[string]map[string]any{"th": v.review(th), "en": v.review(en)}
}

func (v verdict) review(o opinion) map[string]any {
	card, score := []map[string]any{}, 0
	for i, c := range []struct {
		name string
		max  int
	}{{"greeting", 15}, {"understands", 25}, {"solves", 40}, {"manners", 20}} {
		card = append(card, map[string]any{"criterion": c.name, "points": v.points[i], "max": c.max, "reason": o.points[i], "quote": ""})
		score += v.points[i]
	}
	highlights := []map[string]any{}
	for _, text := range v.highlights {
		highlights = append(highlights, map[string]any{"at": 0, "text": text})
	}
	return map[string]any{
		"summary": o.summary, "scoreReason": o.reason, "topics": o.topics, "actionItems": append([]string{}, o.actions...),
		"score": score, "scorecard": card, "highlights": highlights, "sentiment": v.sentiment, "tag": v.tag,
		"direction": v.direction, "language": "en", "customer_phone": nil,
	}
}

func appointment() Dialogue {
	return Dialogue{Name: "appointment", Language: "english", Lines: []Line{
		agent("Good morning, Siam Smile Dental Clinic, this is Nok speaking. How may I help you?"),
		customer("Hello, I would like to book a cleaning for next week, please."),
		agent("Of course. We have Tuesday at ten in the morning or Thursday at three in the afternoon."),
		customer("Thursday at three is perfect."),
		agent("Thank you. You are booked for Thursday at three. We will send you a message the day before."),
		customer("Great, thank you very much. Goodbye."),
	}, Reviews: reviews(
		verdict{"positive", "normal", "in", [4]int{15, 24, 39, 19}, []string{"You are booked for Thursday at three."}},
		opinion{"ลูกค้าโทรมานัดขูดหินปูนสัปดาห์หน้า เจ้าหน้าที่เสนอสองเวลา ลูกค้าเลือกวันพฤหัสบดีบ่ายสามโมง และคลินิกจะส่งข้อความเตือนล่วงหน้าหนึ่งวัน",
			"ทักทายครบ เสนอเวลาชัดเจน และทวนนัดก่อนวางสาย", []string{"นัดหมาย", "ขูดหินปูน"}, []string{"ส่งข้อความเตือนลูกค้าก่อนวันนัดหนึ่งวัน"},
			[4]string{"บอกชื่อคลินิกและชื่อตัวเอง", "เข้าใจความต้องการทันที", "จองนัดสำเร็จและทวนเวลา", "สุภาพตลอดสาย"}},
		opinion{"The customer booked a cleaning for next week. Of two offered times she took Thursday at three; the clinic sends a reminder the day before.",
			"A full greeting, clear choices, and the appointment repeated at the end.", []string{"Appointment", "Cleaning"}, []string{"Send the customer a reminder the day before the appointment."},
			[4]string{"Says the clinic's and her own name", "Understands at once what is needed", "Books and repeats the appointment", "Polite throughout"}},
	)}
}

func lateDelivery() Dialogue {
	return Dialogue{Name: "late delivery", Language: "english", Lines: []Line{
		agent("Thank you for calling Chang Express. How can I help?"),
		customer("My parcel was promised for Monday. It is Friday now and nobody tells me anything!"),
		agent("I am very sorry about that. May I have the tracking number, please?"),
		customer("I already gave it twice. This is the third time I call."),
		agent("I understand. I can see the parcel is still in our warehouse. I will have it sent out today."),
		customer("I do not believe it any more. I want to speak to your manager."),
		agent("My manager will call you back within the hour."),
	}, Reviews: reviews(
		verdict{"negative", "normal", "in", [4]int{9, 14, 18, 15}, []string{"This is the third time I call.", "I want to speak to your manager."}},
		opinion{"ลูกค้าไม่พอใจที่พัสดุช้ากว่ากำหนดสี่วันและต้องโทรมาเป็นครั้งที่สาม พัสดุยังอยู่ที่คลัง เจ้าหน้าที่รับปากจะส่งวันนี้และให้ผู้จัดการโทรกลับภายในหนึ่งชั่วโมง",
			"ขอโทษและตรวจสอบให้ แต่ลูกค้าต้องแจ้งข้อมูลซ้ำและปัญหายังไม่จบ", []string{"ส่งของล่าช้า", "ร้องเรียน"}, []string{"ส่งพัสดุออกจากคลังวันนี้", "ผู้จัดการโทรกลับลูกค้าภายในหนึ่งชั่วโมง"},
			[4]string{"ไม่ได้แนะนำชื่อ", "ขอเลขพัสดุซ้ำทั้งที่ลูกค้าให้แล้ว", "ยังต้องรอผู้จัดการ", "ใจเย็นและขอโทษ"}},
		opinion{"The customer is upset: the parcel is four days late and this is the third call. It is still in the warehouse. The agent promises to send it today and that a manager calls back within the hour.",
			"An apology and a check, but the customer has to repeat herself and nothing is settled yet.", []string{"Late delivery", "Complaint"}, []string{"Send the parcel out today.", "The manager calls the customer back within the hour."},
			[4]string{"Does not give a name", "Asks again for what was given twice", "The customer still has to wait", "Calm, and apologises"}},
	)}
}

func refund() Dialogue {
	return Dialogue{Name: "refund", Language: "english", Lines: []Line{
		agent("Good afternoon, customer service, Ploy speaking."),
		customer("Hi, I returned a pair of shoes two weeks ago and I have not got my money back."),
		agent("Let me check. Yes, we received the shoes on the third. The refund was made this morning."),
		customer("Oh, this morning? When will it be in my account?"),
		agent("Within three working days. I will send you the receipt by email."),
		customer("All right. That is fine, thanks."),
	}, Reviews: reviews(
		verdict{"neutral", "normal", "in", [4]int{13, 22, 35, 18}, []string{"The refund was made this morning."}},
		opinion{"ลูกค้าทวงเงินคืนค่ารองเท้าที่ส่งคืนเมื่อสองสัปดาห์ก่อน เจ้าหน้าที่ตรวจสอบแล้วแจ้งว่าคืนเงินเมื่อเช้านี้ จะเข้าบัญชีภายในสามวันทำการ และจะส่งใบเสร็จทางอีเมล",
			"ตอบตรงคำถามและบอกเวลาชัดเจน แต่ไม่ได้ขอโทษที่ล่าช้า", []string{"คืนเงิน", "คืนสินค้า"}, []string{"ส่งใบเสร็จการคืนเงินทางอีเมล"},
			[4]string{"ทักทายและบอกชื่อ", "ตรวจสอบข้อมูลให้ทันที", "บอกกำหนดเวลาที่ชัดเจน", "สุภาพ แต่ไม่ได้ขอโทษ"}},
		opinion{"The customer asks for the refund of shoes returned two weeks ago. It was made this morning and arrives within three working days; the receipt follows by email.",
			"Answers the question with clear dates, without a word of regret for the delay.", []string{"Refund", "Return"}, []string{"Email the receipt of the refund."},
			[4]string{"Greets and gives a name", "Checks at once", "Says when the money arrives", "Polite, but no apology"}},
	)}
}

func wrongNumber() Dialogue {
	return Dialogue{Name: "wrong number", Language: "english", Lines: []Line{
		agent("Hello, Baan Suan Furniture."),
		customer("Is that the pizza place?"),
		agent("No, I am sorry. You have the wrong number."),
		customer("Oh, sorry. Bye."),
	}, Reviews: reviews(
		verdict{"neutral", "wrong_or_spam", "in", [4]int{12, 20, 32, 18}, []string{"You have the wrong number."}},
		opinion{"ผู้โทรต้องการสั่งพิซซ่า แต่โทรผิดมาที่ร้านเฟอร์นิเจอร์", "โทรผิด เจ้าหน้าที่ตอบสุภาพ", []string{"โทรผิด"}, nil,
			[4]string{"บอกชื่อร้าน", "เข้าใจทันทีว่าโทรผิด", "แจ้งผู้โทรชัดเจน", "สุภาพ"}},
		opinion{"The caller wanted a pizza and reached a furniture shop by mistake.", "A wrong number, answered politely.", []string{"Wrong number"}, nil,
			[4]string{"Names the shop", "Sees the mistake at once", "Says so clearly", "Polite"}},
	)}
}
