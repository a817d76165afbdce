package session

import (
	"cmp"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

var (
	errSpent = fault.New(fault.Unauthenticated, "the refresh token was used before: "+
		"each is good once, so log in with other credentials, and keep the newest token")
	errExpired = fault.New(fault.Unauthenticated,
		"the refresh token has expired: log in with other credentials")
	errSpentUser = fault.New(fault.Unauthenticated,
		"this user has used %d refresh tokens that have not expired yet: "+
			"log in with other credentials", SpentPerUserMax)
	errSpentSlot = &fault.Error{Code: fault.ResourceExhausted, Retry: time.Minute,
		Message: "too many refresh tokens were used lately: " +
			"log in with other credentials, or ask again in a minute"}
)

// spent remembers which refresh tokens have opened a session, until they expire.
type spent struct {
	byUser tree[token] // by user, then by what expires first
	// firsts has the first token of every user, those that expire first first. It
	// follows byUser: a clone has none, and a restore makes it anew.
	firsts tree[first]
}

// token is a used refresh token.
type token struct {
	user  grid.ID
	until int64 // stamp at which it expires
	id    grid.ID
	// opened is the session that it has opened, until the client has shown that it got
	// the welcome. As long as that one lives, the token is good again. 0: it never is.
	opened grid.SessionID
}

type first struct {
	until int64
	user  grid.ID
}

func tokenLess(a, b token) bool {
	return cmp.Or(compareIDs(&a.user, &b.user), cmp.Compare(a.until, b.until),
		compareIDs(&a.id, &b.id)) < 0
}

func firstLess(a, b first) bool {
	return cmp.Or(cmp.Compare(a.until, b.until), compareIDs(&a.user, &b.user)) < 0
}

// due returns the stamp at which the next token expires.
func (p *spent) due() int64 {
	if f, ok := p.firsts.Min(); ok {
		return f.until
	}
	return never
}

// first returns the token of a user that expires first.
func (p *spent) first(user *grid.ID) (t token, ok bool) {
	p.each(user, func(x token) bool {
		t, ok = x, true
		return false
	})
	return t, ok
}

// each calls f for the tokens of a user until it returns false.
func (p *spent) each(user *grid.ID, f func(token) bool) {
	p.byUser.Ascend(token{user: *user, until: -never - 1}, func(t token) bool {
		return t.user == *user && f(t)
	})
}

// find returns the token of a user for which is holds.
func (p *spent) find(user *grid.ID, is func(*token) bool) (t token, ok bool) {
	p.each(user, func(x token) bool {
		if is(&x) {
			t, ok = x, true
		}
		return !ok
	})
	return t, ok
}

// room says why no other token of a user may be used at a stamp, nil if one may.
func (p *spent) room(user *grid.ID, stamp int64) error {
	count, expired := 0, 0
	p.each(user, func(x token) bool {
		count++
		if x.until <= stamp {
			expired++
		}
		return true
	})
	switch {
	case count-expired >= SpentPerUserMax:
		return errSpentUser
	case p.byUser.Len()-expired >= SpentPerSlotMax:
		return errSpentSlot
	}
	return nil
}

// use remembers a token, and lets go what has expired of its user's.
func (p *spent) use(t token, stamp int64) {
	for p.drop(&t.user, stamp) {
		continue
	}
	if old, again := p.find(&t.user, func(x *token) bool { return x.id == t.id }); again {
		t.until = old.until
	}
	p.add(t)
}

// settle notes that a client has what the welcome to a session brought: the token
// that has opened it, if one has, is good no more.
func (p *spent) settle(user *grid.ID, opened grid.SessionID) {
	t, ok := p.find(user, func(x *token) bool { return x.opened != 0 && x.opened == opened })
	if ok {
		t.opened = 0
		p.byUser.Set(t)
	}
}

// add remembers a token.
func (p *spent) add(t token) {
	old, some := p.first(&t.user)
	p.byUser.Set(t)
	if some && old.until <= t.until {
		return
	}
	if some {
		p.firsts.Delete(first{old.until, old.user})
	}
	p.firsts.Set(first{t.until, t.user})
}

// drop lets the first token of a user go if it has expired, and says whether it
// has.
func (p *spent) drop(user *grid.ID, stamp int64) bool {
	old, some := p.first(user)
	if !some || old.until > stamp {
		return false
	}
	p.byUser.Delete(old)
	p.firsts.Delete(first{old.until, old.user})
	if next, some := p.first(user); some {
		p.firsts.Set(first{next.until, next.user})
	}
	return true
}

// expire lets up to budget expired tokens go.
func (p *spent) expire(stamp int64, budget int) {
	for ; budget > 0; budget-- {
		f, some := p.firsts.Min()
		if !some || !p.drop(&f.user, stamp) {
			return
		}
	}
}
