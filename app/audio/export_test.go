package audio

// Streamable is tested by itself: otherwise it needs ffmpeg.
var Streamable = streamable
