// Package ai makes words of calls, and sense of words: the stages Transcribe and
// Analyse.
//
// It promises:
//
//   - A call is never lost. What a server cannot do now is tried for a day; what
//     it answered is stored at once, so that a crash repeats one request at most.
//   - Silence is not sent anywhere, and so costs nothing.
//   - A server that refuses the key, the model or the bill is left alone for an
//     hour while its calls wait, or until somebody mends its settings.
//   - A business's own server wins over the appliance's, and holds up no other
//     business when it is slow or away.
//   - With no server at all every call still completes, by what its audio says.
//   - What a model says about a call is held to closed lists and bounds, every
//     quote occurs in the transcript, and the call's own record wins over it.
//
// It knows OpenAI-compatible servers only (package openai) and neither rules nor
// notifications.
package ai
