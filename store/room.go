package store

import (
	"context"
	"time"

	"crk/app"
)

// AlarmLowDisk says in the feed, once for each day on which it begins, that no
// more calls are fetched because the disk is nearly full.
func (s *Store) AlarmLowDisk(ctx context.Context) error {
	return s.Alarm(ctx, "disk-low:"+s.now().UTC().Format(time.DateOnly), func(b app.Business) app.FeedItem {
		if b.Language == "th" {
			return app.FeedItem{Severity: app.Critical, Title: "พื้นที่ดิสก์เหลือน้อย",
				Body: "ระบบหยุดดึงและวิเคราะห์สายใหม่จนกว่าจะมีที่ว่าง การแจ้งเตือนยังทำงานตามปกติ"}
		}
		return app.FeedItem{Severity: app.Critical, Title: "Disk space is low",
			Body: "New calls are not fetched or analysed until there is room. Notifications go on."}
	})
}
