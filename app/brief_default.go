package app

// DefaultBrief is the brief of a business which has written none, in its
// language. The points of its criteria sum to 100.
func DefaultBrief(language string) Brief {
	if language == "en" {
		return Brief{
			Language: "en", Topics: []string{},
			Criteria: []Criterion{
				{"Greeting", 15, "the agent greets, says who or which company is speaking, and says goodbye"},
				{"Understanding", 25, "the agent listens, asks what is missing, and understands what the customer needs"},
				{"Solution", 40, "the customer's need is met, or a clear next step is agreed"},
				{"Manners", 20, "the agent is polite, patient and easy to follow throughout"},
			},
			Keywords: []KeywordList{
				{Name: "Complaint", Points: -25, By: SpeakerCustomer, Words: append(thaiComplaint(), englishComplaint()...)},
				{Name: "Cancellation", Points: -15, By: SpeakerCustomer, Words: append(thaiCancel(), englishCancel()...)},
				{Name: "Praise", Points: 20, By: SpeakerCustomer, Words: append(thaiPraise(), englishPraise()...)},
				{Name: "Wrong number", Tag: "wrong_or_spam", Words: append(thaiWrong(), englishWrong()...)},
			},
		}
	}
	return Brief{
		Language: "th", Topics: []string{},
		Criteria: []Criterion{
			{"การทักทาย", 15, "พนักงานทักทาย แจ้งชื่อตนหรือชื่อบริษัท และกล่าวลาเมื่อจบสาย"},
			{"ความเข้าใจ", 25, "พนักงานตั้งใจฟัง ถามเพิ่มเมื่อข้อมูลไม่พอ และเข้าใจสิ่งที่ลูกค้าต้องการ"},
			{"การแก้ปัญหา", 40, "ลูกค้าได้สิ่งที่ต้องการ หรือตกลงขั้นตอนถัดไปกันชัดเจน"},
			{"มารยาท", 20, "พนักงานสุภาพ ใจเย็น และพูดให้เข้าใจง่ายตลอดสาย"},
		},
		Keywords: []KeywordList{
			{Name: "ร้องเรียน", Points: -25, By: SpeakerCustomer, Words: append(thaiComplaint(), englishComplaint()...)},
			{Name: "ขอยกเลิก", Points: -15, By: SpeakerCustomer, Words: append(thaiCancel(), englishCancel()...)},
			{Name: "คำชม", Points: 20, By: SpeakerCustomer, Words: append(thaiPraise(), englishPraise()...)},
			{Name: "โทรผิด", Tag: "wrong_or_spam", Words: append(thaiWrong(), englishWrong()...)},
		},
	}
}

// The words of the default lists are ones that hardly ever mean anything else:
// "ไม่ดี" is left out because "ไม่ดีกว่าเหรอ" is no complaint.
func thaiComplaint() []string {
	return []string{"ร้องเรียน", "ไม่พอใจ", "แย่มาก", "ผิดหวัง", "คืนเงิน", "โดนหลอก", "เสียเวลา", "ไม่ไหวแล้ว", "สคบ"}
}

func englishComplaint() []string {
	return []string{"complain", "refund", "unacceptable", "disappointed", "terrible", "ridiculous", "waste of time"}
}

func thaiCancel() []string {
	return []string{"ขอยกเลิก", "อยากยกเลิก", "จะยกเลิก", "เลิกใช้", "ย้ายค่าย"}
}

func englishCancel() []string {
	return []string{"want to cancel", "like to cancel", "cancel my", "cancel the contract"}
}

func thaiPraise() []string {
	return []string{"ประทับใจ", "บริการดีมาก", "ดีใจมาก", "พอใจมาก", "ขอบคุณมากเลย", "ชื่นชม"}
}

func englishPraise() []string {
	return []string{"great service", "excellent", "very helpful", "impressed", "wonderful"}
}

func thaiWrong() []string    { return []string{"โทรผิด", "ผิดเบอร์"} }
func englishWrong() []string { return []string{"wrong number"} }
