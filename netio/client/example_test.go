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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	studio, err := client.Dial(ctx, "localhost:7400", client.Options{
		Credential: client.ServerKey("the key that throng serve was given"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer studio.Close()
	if _, err := studio.CreateBoard(ctx, leaderboard.CreateRequest{Board: "weekly"}); err != nil {
		log.Fatal(err)
	}

	player, err := client.Dial(ctx, "localhost:7400", client.Options{
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
		fmt.Println(r.Rank, r.Owner, r.Score)
	}
}

// A batch sends many calls without waiting in between.
func ExampleClient_Batch() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "localhost:7400", client.Options{
		Credential: client.ServerKey("the key that throng serve was given"),
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
}

// A read can ask for more certainty, or less, than the default.
func ExampleLevel() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "localhost:7400", client.Options{
		Credential: client.Custom("device-4f2a9c"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	top := leaderboard.PageRequest{Board: "weekly", Rank: 1, Limit: 10}
	page, err := c.Page(ctx, top, client.Level(grid.Linearizable))
	fmt.Println(page, err)
}

// An error says whether nothing happened or nobody knows.
func ExampleClient_Submit() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := client.Dial(ctx, "localhost:7400", client.Options{
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
}
