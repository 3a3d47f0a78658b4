// Package plan is the engine of the orchestrator: a Plan is a graph of steps, each of which says before it runs what it leaves behind; Run
// runs it, Undo takes back what a failed run left, Retire removes what may go once the new thing stands. What the engine has to remember is
// plain data (Progress), so that another process can go on from it. It knows nothing of AWS or HTTP and imports the standard library only.
package plan
