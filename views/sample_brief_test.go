package views_test

import (
	"testing"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

func briefSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	here := frame("การวิเคราะห์", views.AtSettings)
	brief := app.DefaultBrief("th")
	brief.Version, brief.Company, brief.Topics = 3, "ขายและซ่อมเครื่องปรับอากาศ <b>spare parts</b>", []string{"นัดหมาย", "ใบเสนอราคา"}
	page := views.BriefPage{
		Brief: brief, Current: 3, HasServer: true, Preview: "You review recorded telephone calls of a business.",
		Calls:   []app.Recording{recording(t, 1), recording(t, 4)},
		History: []views.BriefVersion{{Version: 3, At: noon(t), By: "วราภรณ์"}, {Version: 2, At: noon(t).AddDate(0, 0, -3)}},
	}
	tried := page
	score := 76.0
	tried.Changed, tried.Trial = true, &views.BriefTrial{Call: recording(t, 4), Analysis: app.Analysis{
		Summary: "ลูกค้าถามเรื่องประกัน", Score: &score, ScoreReason: "ตอบยังไม่ชัดเจน", Tag: "normal", Sentiment: "neutral", Topics: []string{"ประกัน"},
		Scorecard: []app.ScorecardItem{{Criterion: "มารยาท", Points: 18, Max: 20, Reason: "สุภาพ", Quote: "ขอบคุณค่ะ"}},
	}}
	failed, wrong, old := page, page, page
	failed.Trial = &views.BriefTrial{Call: recording(t, 1), Code: "timeout"}
	wrong.Changed, wrong.Errors, wrong.Problem = true, map[string]string{"criteria": "ใช้ 1 ถึง 20 เกณฑ์", "keywords": "ใช้ไม่เกิน 20 รายการ", "company": "ใช้ไม่เกิน 2000 ตัวอักษร"}, "มีคนอื่นบันทึก"
	old.Old, old.Brief.Version = true, 2
	plain := views.BriefPage{Brief: app.Brief{Language: "en", Criteria: []app.Criterion{{Name: "Manners", Points: 50, Meaning: "is polite"}}}, Preview: "…"}
	return map[string]templ.Component{
		"brief": views.AnalysisSettings(here, page), "brief-tried": views.AnalysisSettings(here, tried), "brief-failed": views.AnalysisSettings(here, failed),
		"brief-wrong": views.AnalysisSettings(here, wrong), "brief-old": views.AnalysisSettings(here, old), "brief-none": views.AnalysisSettings(here, plain),
	}
}
