package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// A studio's server makes a board; a player submits a score and looks around.
func Example() {
	addr, key, stop := client.ServeExample() // stands for throng serve and its server.key
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	studio, err := client.Dial(ctx, addr, client.Options{
		Credential: client.ServerKey(key),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer studio.Close()
	if _, err := studio.CreateBoard(ctx, leaderboard.CreateRequest{Board: "weekly"}); err != nil {
		log.Fatal(err)
	}

	player, err := client.Dial(ctx, addr, client.Options{
		Credential: client.Custom("device-4f2a9c"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer player.Close()
	if _, err := player.Submit(ctx, leaderboard.SubmitRequest{Board: "weekly", Score: 4200}); err != nil {
		log.Fatal(err)
	}
	page, err := player.Around(ctx, leaderboard.AroundRequest{Board: "weekly", Limit: 5})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range page.Records {
		fmt.Println(r.Rank, r.Owner == player.User(), r.Score)
	}
	// Output: 1 true 4200
}

// A batch sends many calls without waiting in between.
func ExampleClient_Batch() {
	addr, key, stop := client.ServeExample()
	defer stop()
	makeBoard(addr, key)
	ctx := context.Background()
	c, err := client.Dial(ctx, addr, client.Options{
		Credential: client.ServerKey(key),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	b := c.Batch()
	var results []client.Result[leaderboard.SubmitReply]
	for i := range 10_000 {
		results = append(results, b.Submit(leaderboard.SubmitRequest{
			Board: "weekly",
			Owner: grid.UserID("custom", fmt.Sprintf("bot-%06d", i)),
			Score: int64(i),
		}))
	}
	if err := b.Do(ctx); err != nil {
		log.Print("the first error: ", err)
	}
	for i, r := range results {
		if _, err := r.Get(); err != nil {
			log.Print("bot ", i, ": ", err)
		}
	}
	info, err := c.BoardInfo(ctx, leaderboard.InfoRequest{Board: "weekly"})
	fmt.Println(info.Records, err)
	// Output: 10000 <nil>
}

// A read can ask for more certainty, or less, than the default.
func ExampleLevel() {
	addr, key, stop := client.ServeExample()
	defer stop()
	makeBoard(addr, key)
	ctx := context.Background()
	c, err := client.Dial(ctx, addr, client.Options{
		Credential: client.Custom("device-4f2a9c"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	top := leaderboard.PageRequest{Board: "weekly", Rank: 1, Limit: 10}
	page, err := c.Page(ctx, top, client.Level(grid.Linearizable))
	fmt.Println(page.Total, err)
	// Output: 0 <nil>
}

// An error says whether nothing happened or nobody knows.
func ExampleClient_Submit() {
	addr, key, stop := client.ServeExample()
	defer stop()
	makeBoard(addr, key)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := client.Dial(ctx, addr, client.Options{
		Credential: client.Custom("device-4f2a9c"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	_, err = c.Submit(ctx, leaderboard.SubmitRequest{Board: "weekly", Score: 4200})
	var f *fault.Error
	switch {
	case err == nil:
		fmt.Println("the score is stored")
	case errors.As(err, &f) && f.Unknown:
		fmt.Println("the score may be stored, or not")
	default:
		fmt.Println("the score is not stored:", err)
	}
	// Output: the score is stored
}

// makeBoard makes the board that players submit to.
func makeBoard(addr, key string) {
	ctx := context.Background()
	studio, err := client.Dial(ctx, addr, client.Options{Credential: client.ServerKey(key)})
	if err != nil {
		log.Fatal(err)
	}
	defer studio.Close()
	if _, err := studio.CreateBoard(ctx, leaderboard.CreateRequest{Board: "weekly"}); err != nil {
		log.Fatal(err)
	}
}
