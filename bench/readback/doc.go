// Package readback reads whole what a server holds, page by page: a board, a
// room's history, those who are present. What is right about it is for the caller
// to say.
//
// Nothing is kept but what is returned. Errors are those of the client, with what
// was being read.
package readback
