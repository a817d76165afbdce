package main

import (
	"flag"
	"sync"
	"testing"
)

// streamsAbused is how many streams one session asks for. A million takes as many
// seconds of the server's processor as it has microseconds for each: about six.
var streamsAbused = flag.Int("streams", 20_000, "how many streams the tests of abuse ask for")

// memoryMax is how many megabytes a server may take under all abuse at once, that with
// the race detector, which takes most of them. What the abuse asks for is many times that.
const memoryMax = 700

// abuses are what clients do that they should not. Each says what must come of it.
var abuses = []struct {
	name string
	do   func(*abuser)
}{
	{"ask for much and never read", neverRead},
	{"read a byte at a time", readTrickling},
	{"speak another protocol", speakOther},
	{"say a hello that cannot be", sayBadHello},
	{"show tokens that are not good", showBadTokens},
	{"use a refresh token twice", replayRefreshToken},
	{"take up sessions of others", resumeOthers},
	{"send names and texts that cannot be", sendBadFields},
	{"ask for many streams", askForStreams},
	{"come to many streams and go", passThroughStreams},
	{"send to many streams from outside", sendFromOutside},
	{"send half a frame for ever", halfFrames},
	{"say hello a byte at a time", trickleHello},
}

// TestAbuse does everything at once, over TCP and by WebSocket, to one server, and
// thousands of connections are there that never get as far as a session. Each
// is told, or closed; the server takes no more memory than it should; and who behaves
// is answered all the time, on the connection that it has.
func TestAbuse(t *testing.T) {
	v := startVictim(t)
	v.behave()
	var all sync.WaitGroup // t.Parallel would run only as many as there are processors
	run := func(name string, web bool, do func(*abuser)) {
		all.Go(func() {
			t.Run(name, func(t *testing.T) { do(&abuser{T: t, victim: v, web: web}) })
		})
	}
	check := halfOpen(&abuser{T: t, victim: v})
	for _, a := range abuses {
		run(a.name+" over TCP", false, a.do)
		run(a.name+" by WebSocket", true, a.do)
	}
	run("send frames of WebSocket that say nothing", true, floodWeb)
	run("hide requests in others on the client port", false, smuggle)
	run("hide requests in others on the HTTP port", false, smuggleAdmin)
	all.Wait()
	check()
}
