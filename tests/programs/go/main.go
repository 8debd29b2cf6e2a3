// Four goroutines put numbers into a database in WAL mode, each by a connection
// of its own.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"
	"sync"

	_ "github.com/mattn/go-sqlite3"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	db, err := sql.Open("sqlite3", "file:app.db?_journal_mode=WAL&_busy_timeout=60000")
	must(err)
	_, err = db.Exec("CREATE TABLE numbers(n)")
	must(err)
	var all sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		all.Add(1)
		go func(worker int) {
			defer all.Done()
			for n := 0; n < 5; n++ {
				_, err := db.Exec("INSERT INTO numbers VALUES(?)", worker*100+n)
				must(err)
				fmt.Println("stored", worker, n)
			}
		}(worker)
	}
	all.Wait()
	must(os.WriteFile("report.txt", []byte("all done\n"), 0o644))
	must(db.Close())
}
