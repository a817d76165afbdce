// Package conform is what every record store must do, as tests: Run takes a
// function that opens a store and holds it against grid/record.Store.
//
// Beside single rules there is a model: random transactions over a table with
// indexes, compared call by call with a list of rows that is sorted anew for
// each scan.
package conform
