package openai

import "strings"

// languageNames are the languages of Whisper by the names that it gives them:
// servers answer with a name or a code.
const languageNames = " afrikaans:af albanian:sq amharic:am arabic:ar armenian:hy assamese:as azerbaijani:az bashkir:ba basque:eu" +
	" belarusian:be bengali:bn bosnian:bs breton:br bulgarian:bg burmese:my cantonese:zh castilian:es catalan:ca chinese:zh croatian:hr" +
	" czech:cs danish:da dutch:nl english:en estonian:et faroese:fo finnish:fi flemish:nl french:fr galician:gl georgian:ka german:de" +
	" greek:el gujarati:gu haitian creole:ht hausa:ha hawaiian:haw hebrew:he hindi:hi hungarian:hu icelandic:is indonesian:id italian:it" +
	" japanese:ja javanese:jv kannada:kn kazakh:kk khmer:km korean:ko lao:lo latin:la latvian:lv lingala:ln lithuanian:lt" +
	" luxembourgish:lb macedonian:mk malagasy:mg malay:ms malayalam:ml maltese:mt mandarin:zh maori:mi marathi:mr mongolian:mn" +
	" myanmar:my nepali:ne norwegian:no nynorsk:nn occitan:oc pashto:ps persian:fa polish:pl portuguese:pt punjabi:pa romanian:ro" +
	" russian:ru sanskrit:sa serbian:sr shona:sn sindhi:sd sinhala:si slovak:sk slovenian:sl somali:so spanish:es sundanese:su" +
	" swahili:sw swedish:sv tagalog:tl tajik:tg tamil:ta tatar:tt telugu:te thai:th tibetan:bo turkish:tr turkmen:tk ukrainian:uk" +
	" urdu:ur uzbek:uz vietnamese:vi welsh:cy yiddish:yi yoruba:yo "

// languageCode returns the ISO 639 code of a language that is given as a code
// ("th"), a locale ("th-TH"), a name ("Thai") or a token ("<|th|>"); empty
// where it is none of these.
func languageCode(s string) string {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), "<|>"))
	if _, rest, ok := strings.Cut(languageNames, " "+s+":"); ok {
		code, _, _ := strings.Cut(rest, " ")
		return code
	}
	code, _, _ := strings.Cut(strings.ReplaceAll(s, "_", "-"), "-")
	if len(code) < 2 || len(code) > 3 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return code
}
