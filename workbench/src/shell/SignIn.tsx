/** What a visitor without a session sees. */
export function SignIn() {
  return (
    <main className="sign-in">
      <h1>Sign in with the link</h1>
      <p>
        This workbench shows a model that runs on this machine, so it asks for a session. Open the link that{" "}
        <code>neuronscope open</code> printed in the terminal; it works once.
      </p>
      <p className="muted">The link is used up or lost? Run the command again, and it prints a new one:</p>
      <pre className="code">neuronscope open</pre>
    </main>
  );
}
