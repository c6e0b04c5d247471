package demo

import (
	"context"

	"crk/app"
	"crk/store"
)

// describe tells the AI what the business does, and sets what it would be paid.
func (d *Demo) describe(ctx context.Context, db *store.Store, business app.BusinessID, owner app.UserID) error {
	b, err := db.Brief(ctx, business)
	if err != nil {
		return err
	}
	if b.Version == 0 {
		b.Company = "ร้านแอร์ขนาดเล็กในกรุงเทพฯ ขาย ติดตั้ง ล้าง และซ่อมเครื่องปรับอากาศสำหรับบ้านและสำนักงาน มีช่างสองทีม " +
			"รับงานจันทร์ถึงเสาร์ 8:00–18:00 น. ลูกค้ามักโทรมานัดล้างแอร์ แจ้งซ่อม ตามอะไหล่ ขอใบเสนอราคา และถามเรื่องสัญญาบำรุงรักษา"
		b.Topics = []string{"จองคิว", "ล้างแอร์", "งานซ่อม", "อะไหล่ล่าช้า", "เลื่อนนัด", "สอบถามราคา", "ใบเสนอราคา", "สัญญารายปี", "รับประกัน", "ร้องเรียน", "คำชม"}
		b.Extra = "ถ้ามีการนัดหมาย ให้ระบุวันและเวลาไว้ในสรุปเสมอ"
		if _, err := db.AddBrief(ctx, business, b.Tidy(), owner); err != nil {
			return err
		}
	}
	set, err := db.Prices(ctx, business)
	if err != nil || len(set) > 0 {
		return err
	}
	since := d.now().Add(-backfill)
	for _, p := range []app.Price{
		{Task: app.TaskTranscription, Model: sttModel, Minute: 200_000},
		{Task: app.TaskAnalysis, Model: llmModel, Input: 5_000_000, Output: 20_000_000},
	} {
		p.BusinessID, p.Server, p.Currency, p.ValidFrom, p.CreatedBy = business, app.CostServer(d.urls.ai), app.DefaultCurrency, since, owner
		if _, err := db.AddPrice(ctx, p); err != nil {
			return err
		}
	}
	return nil
}
