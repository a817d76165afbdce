package ssp

import (
	"os"
	"strings"
	"testing"
)

const head = "# FIDE ratings APR-2021 Last modified\n%Elo 1999:9999\n@PLAYER \"., -_*\"\n"

func read(t testing.TB, text string) *File {
	t.Helper()
	f, err := Read(strings.NewReader(head + text + "\n@SITE \"\"\nOslo\n  %Elo 1990:2000\n"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// show writes the ratings of all lists as "list player rating".
func show(f *File) string {
	var b strings.Builder
	for _, l := range f.Lists() {
		for p, r := range f.In(l) {
			b.WriteString(l.String() + " " + f.Players[p].Key + " " + string(rune('0'+r/1000)) +
				string(rune('0'+r/100%10)) + string(rune('0'+r/10%10)) + string(rune('0'+r%10)) + "\n")
		}
	}
	return b.String()
}

func TestListsOfEachEra(t *testing.T) {
	f := read(t, "A #GM\n  %Bio FIDEID 7\n  %Elo 1971:2001 1974:2002 1975:2003 1990:2004,2005 2001:?,2006,2007,2008\n"+
		"  %Elo 2009:2009,2010,2011,2012,2013 2010:2014,2015,2016,2017,2018,2019\n"+
		"  %Elo 2012:2020,2021,2022,2023,2024,2025,2026,2027,2028 2013:2029 2021:2030,2031,2032,2033\n")
	want := "1971-07 1974-05 1975-01 1990-01 1990-07 2001-04 2001-07 2001-10 2009-01 2009-04 2009-07 " +
		"2009-09 2009-11 2010-01 2010-03 2010-05 2010-07 2010-09 2010-11 2012-01 2012-03 2012-05 2012-07 " +
		"2012-08 2012-09 2012-10 2012-11 2012-12 2013-01 2021-01 2021-02 2021-03 2021-04"
	var got []string
	next := 2001
	for _, l := range f.Lists() {
		got = append(got, l.String())
		for _, r := range f.In(l) {
			if r != next {
				t.Errorf("%v has %d, want %d", l, r, next)
			}
			next++
		}
	}
	if strings.Join(got, " ") != want || len(f.Refused) > 0 || f.Gaps != 1 || f.Ratings != 33 {
		t.Errorf("%v\nrefused %v, gaps %d, ratings %d", got, f.Refused, f.Gaps, f.Ratings)
	}
}

// Every quirk that the real file has is refused by name, and nothing beside it.
func TestQuirksAreNamedAndNotGuessed(t *testing.T) {
	cases := []struct{ name, elo, want, refused string }{
		{"mistyped year", "%Elo 2102:?,1842 2020:1860", "2020-01 name:A 1860\n", "2102:?,1842"},
		{"point for colon", "%Elo 1992.2270,2270 1993:2270", "1993-01 name:A 2270\n", "1992.2270,2270"},
		{"too many values", "%Elo 2000:2068,2001,2058 2058,2065", "", "2000:2068,2001,2058|2058,2065"},
		{"missing value", "%Elo 1994:2330,,2320", "", "1994:2330,,2320"},
		{"zero", "%Elo 2009:1403,0,1405", "2009-01 name:A 1403\n2009-07 name:A 1405\n", "0"},
		{"three digits", "%Elo 1979:235", "", "235"},
		{"marked", "%Elo 2013:2320,?2320,2321", "2013-01 name:A 2320\n2013-03 name:A 2321\n", "?2320"},
		{"letters", "%Elo 2019:1891,M 18,M 18", "2019-01 name:A 1891\n", "M|18,M|18"},
		{"colon as value", "%Elo 1978:1980: 1979:1980", "1979-01 name:A 1980\n", "1980:"},
		{"loose numbers", "%Elo 1984:1985 1985 1965", "1984-01 name:A 1985\n", "1985|1965"},
		{"year twice, equal", "%Elo 1984:2320 1984:2320", "1984-01 name:A 2320\n", "1984:2320"},
		{"year twice, different", "%Elo 2007:2285 2007:2285,2256", "", "2007:2285|2007:2285,2256"},
		{"year thrice", "%Elo 1984:2320 1984:2320 1984:2330", "", "1984:2320|1984:2320|1984:2330"},
		{"behind the last list", "%Elo 2021:2001,2002,2003,2004,2005", "", "2021:2001,2002,2003,2004,2005"},
		{"no group", "%Elo ", "", ""},
		{"unknown line", "%Eli 1984:2320", "", "  %Eli 1984:2320"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := "A #-\n  " + c.elo + "\n"
			f := read(t, text)
			if got := show(f); got != c.want {
				t.Errorf("read\n%swant\n%s", got, c.want)
			}
			var refused []string
			lost := 0
			for _, r := range f.Refused {
				refused = append(refused, r.Text)
				lost += r.Ratings
				if r.Line != 5 || r.Why == "" {
					t.Errorf("refused in line %d because %q", r.Line, r.Why)
				}
			}
			if got := strings.Join(refused, "|"); got != c.refused {
				t.Errorf("refused %q, want %q", got, c.refused)
			}
			if n, err := Tokens(strings.NewReader(text)); err != nil || strings.Contains(text, "%Elo") &&
				n != f.Ratings+lost {
				t.Errorf("%d tokens (%v), %d ratings, %d refused", n, err, f.Ratings, lost)
			}
		})
	}
}

func TestKeysAreUnique(t *testing.T) {
	f := read(t, "A #\n  %Bio FIDEID 1\nB #\n  %Bio FIDEID 9999999deprecated\nC #\n"+
		"  %Bio FIDEID 9999999deprecated\nD #\nD #\nA #\n  %Bio FIDEID 2\n  %Bio FIDEID 3\nM\xfcller\t, J #\n")
	want := []string{"fide:1", "name:B", "name:C", "name:D, line 10", "name:D, line 11", "fide:2", "name:Müller , J"}
	for i, p := range f.Players {
		if p.Key != want[i] {
			t.Errorf("player %d has key %q, want %q", i, p.Key, want[i])
		}
	}
	if len(f.Players) != len(want) || len(f.Refused) != 1 || f.Refused[0].Text != "3" {
		t.Errorf("%d players, refused %v", len(f.Players), f.Refused)
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	if _, err := Read(strings.NewReader("hello\n")); err == nil {
		t.Error("a file without a last list was read")
	}
	endless := strings.Repeat("x", LineBytesMax+1)
	_, err := Read(strings.NewReader(endless))
	if err == nil || !strings.Contains(err.Error(), "line 1 has more than 65536 bytes") {
		t.Errorf("an endless line gave %v", err)
	}
	if _, err := Tokens(strings.NewReader(endless)); err == nil {
		t.Error("an endless line was counted")
	}
}

func TestStatedPlayers(t *testing.T) {
	const said = "#    (1) Player information: 380415 players.\n"
	for text, want := range map[string]int{
		said + head:                380415,
		head + said:                0, // not in the head
		head:                       0,
		said + "# 1" + said + head: 380415,
		"# (2) Site information: more than 804 city names.\n" + head: 0,
	} {
		f, err := Read(strings.NewReader(text))
		if err != nil || f.Stated != want {
			t.Errorf("%q states %v players (%v), want %d", text, f, err, want)
		}
	}
}

func TestParseList(t *testing.T) {
	for s, want := range map[string]string{"2013-12": "2013-12", "1972": "1972-07", "1984": "1984-01",
		"2001": "", "13-12": "", "2013-13": "", "": ""} {
		l, err := ParseList(s)
		if want == "" && err == nil || want != "" && l.String() != want {
			t.Errorf("%q gives %v, %v", s, l, err)
		}
	}
}

// The real file.
func TestDebiansFile(t *testing.T) {
	const path = "/usr/share/scid/data/spelling.ssp"
	r, err := os.Open(path)
	if err != nil {
		t.Fatal("make test installs what this test needs: apt-get install scid-rating-data: ", err)
	}
	defer r.Close()
	f, err := Read(r)
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for _, x := range f.Refused {
		lost += x.Ratings
		t.Logf("line %d: %q %s", x.Line, x.Text, x.Why)
	}
	r.Seek(0, 0)
	n, err := Tokens(r)
	if err != nil || n != f.Ratings+lost {
		t.Errorf("%d tokens (%v), %d ratings, %d refused", n, err, f.Ratings, lost)
	}
	if f.Stated != len(f.Players) {
		t.Errorf("%d players, the file says %d", len(f.Players), f.Stated)
	}
	t.Logf("%d players, %d lists, %d ratings, %d gaps", len(f.Players), len(f.Lists()), f.Ratings, f.Gaps)
}

func FuzzRead(f *testing.F) {
	f.Add("A #-\n  %Bio FIDEID 1\n  %Elo 2001:?,2064,2084,2072 2002:2127\n = B\n")
	f.Add("A\n %Elo 1984:2320 1984:2320 1984:2330\n%Elo 2000:1,2,3\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read(strings.NewReader(head + text))
		if err != nil {
			return
		}
		n := 0
		for _, l := range file.Lists() {
			last := -1
			for p, r := range file.In(l) {
				if p <= last || p >= len(file.Players) || r < 1000 || r > 9999 || l.after(file.Last) {
					t.Fatalf("player %d behind %d of %d has %d in %v", p, last, len(file.Players), r, l)
				}
				last = p
				n++
			}
		}
		if n != file.Ratings {
			t.Fatalf("%d ratings in lists, %d counted", n, file.Ratings)
		}
	})
}
