package aitest

func price() Dialogue {
	return Dialogue{Name: "price", Language: "english", Lines: []Line{
		agent("Good morning, Lotus Laser Clinic, Mint speaking. How may I help you?"),
		customer("How much is a laser treatment for the whole face?"),
		agent("One treatment is two thousand five hundred baht. A course of five is ten thousand."),
		customer("That is more than I expected. Is there any discount?"),
		agent("Until the end of this month there is ten percent off the course."),
		customer("Let me think about it. I will call again."),
	}, Reviews: reviews(
		verdict{"neutral", "normal", "in", [4]int{15, 20, 26, 18}, []string{"Until the end of this month there is ten percent off the course."}},
		opinion{"ลูกค้าสอบถามราคาเลเซอร์ทั้งหน้า ครั้งละ 2,500 บาท คอร์สห้าครั้ง 10,000 บาท ลดสิบเปอร์เซ็นต์ถึงสิ้นเดือน ลูกค้าขอคิดดูก่อน",
			"ให้ข้อมูลครบ แต่ไม่ได้ขอเบอร์ติดต่อกลับหรือชวนนัดปรึกษา", []string{"ราคา", "เลเซอร์", "โปรโมชั่น"}, []string{"ลูกค้าจะโทรกลับมาอีกครั้ง"},
			[4]string{"ทักทายครบถ้วน", "ไม่ได้ถามถึงปัญหาผิว", "ไม่มีขั้นตอนต่อไป", "สุภาพ"}},
		opinion{"The customer asks for the price of laser for the whole face: 2,500 baht once, 10,000 for five, ten percent off until the end of the month. She wants to think about it.",
			"Complete information, but no offer to call back or to come in for advice.", []string{"Price", "Laser", "Promotion"}, []string{"The customer will call again."},
			[4]string{"A full greeting", "Does not ask what the customer needs", "No next step is agreed", "Polite"}},
	)}
}

func outage() Dialogue {
	return Dialogue{Name: "outage", Language: "english", Lines: []Line{
		agent("Technical support, this is Arthit. What can I do for you?"),
		customer("The internet in our office has been down since eight this morning."),
		agent("I am sorry to hear that. Could you restart the router and tell me which lights are on?"),
		customer("The power light is green and the second one is blinking red."),
		agent("Then the line is broken outside. I am sending a technician, who will be there before noon."),
		customer("Before noon is good. Thank you for the quick help."),
		agent("You are welcome. You will get a message when he is on his way."),
	}, Reviews: reviews(
		verdict{"positive", "normal", "in", [4]int{13, 25, 36, 20}, []string{"The internet in our office has been down since eight this morning.", "I am sending a technician, who will be there before noon."}},
		opinion{"อินเทอร์เน็ตของสำนักงานลูกค้าใช้ไม่ได้ตั้งแต่แปดโมงเช้า ตรวจแล้วพบว่าสายนอกอาคารขัดข้อง จึงส่งช่างเข้าไปก่อนเที่ยง",
			"ตรวจสอบเป็นขั้นตอนและนัดช่างได้ทันที", []string{"อินเทอร์เน็ตขัดข้อง", "ส่งช่าง"}, []string{"ช่างเข้าไปที่สำนักงานลูกค้าก่อนเที่ยง", "ส่งข้อความเมื่อช่างออกเดินทาง"},
			[4]string{"บอกแผนกและชื่อ", "ถามอาการจนรู้สาเหตุ", "นัดช่างภายในวันเดียวกัน", "สุภาพและใจเย็น"}},
		opinion{"The office's internet is down since eight. Checks show that the line outside is broken, so a technician comes before noon.",
			"Checks step by step and sends help at once.", []string{"Internet outage", "Technician"}, []string{"A technician goes to the customer's office before noon.", "Send a message when he is on his way."},
			[4]string{"Gives department and name", "Asks until the cause is clear", "A technician comes the same day", "Polite and calm"}},
	)}
}

func callback() Dialogue {
	return Dialogue{Name: "callback", Language: "english", Lines: []Line{
		customer("Hello?"),
		agent("Good afternoon, this is Fah from Green Solar. You asked us for an offer last week."),
		customer("Yes, for our factory roof. Did you work it out?"),
		agent("We did. With two hundred panels you save about forty percent of your bill. Shall we come for a survey on Wednesday?"),
		customer("Wednesday morning suits me. Please bring the contract too."),
		agent("With pleasure. We will be there at nine."),
	}, Reviews: reviews(
		verdict{"positive", "normal", "out", [4]int{15, 23, 38, 19}, []string{"Please bring the contract too."}},
		opinion{"เจ้าหน้าที่โทรติดตามใบเสนอราคาโซลาร์เซลล์สำหรับหลังคาโรงงาน ลูกค้าสนใจ นัดสำรวจวันพุธเก้าโมงเช้าและให้นำสัญญาไปด้วย",
			"ปิดการขายได้ดี นัดหมายชัดเจน", []string{"โซลาร์เซลล์", "ใบเสนอราคา", "นัดสำรวจ"}, []string{"เข้าสำรวจโรงงานวันพุธเก้าโมงเช้า", "นำสัญญาไปด้วย"},
			[4]string{"แนะนำตัวและบริษัท", "รู้เรื่องที่ลูกค้าขอไว้", "นัดสำรวจสำเร็จ", "สุภาพเป็นมืออาชีพ"}},
		opinion{"A follow-up of an offer for solar panels on a factory roof. The customer is interested: survey on Wednesday at nine, with the contract.",
			"A clear offer that ends in an appointment.", []string{"Solar", "Offer", "Survey"}, []string{"Survey the factory on Wednesday at nine.", "Bring the contract."},
			[4]string{"Introduces herself and the company", "Knows what was asked for", "A survey is agreed", "Polite and professional"}},
	)}
}

func machine() Dialogue {
	return Dialogue{Name: "answering machine", Language: "english", Lines: []Line{
		customer("The number you have called is not available. Please leave a message after the tone."),
	}, Reviews: reviews(
		verdict{"neutral", "no_answer", "out", [4]int{0, 0, 0, 0}, nil},
		opinion{"ปลายทางไม่รับสาย เข้าสู่ระบบฝากข้อความ", "ไม่มีการสนทนา", []string{"ไม่รับสาย"}, []string{"โทรหาลูกค้าอีกครั้ง"}, [4]string{"ไม่มีการสนทนา", "ไม่มีการสนทนา", "ไม่มีการสนทนา", "ไม่มีการสนทนา"}},
		opinion{"Nobody answered; a machine asked to leave a message.", "There was no conversation.", []string{"No answer"}, []string{"Call the customer again."}, [4]string{"No conversation", "No conversation", "No conversation", "No conversation"}},
	)}
}
