/** What a visitor without a session sees, and whoever's session ended. */
import { Button } from "@mantine/core";
import { type FormEvent, useId, useState } from "react";
import { failureOf, reach, sentenceOf } from "../api/client";
import { Complaint } from "./Panel";

export function SignIn({ ended }: { ended: boolean }) {
  return (
    <main className="sign-in">
      <h1>Sign in</h1>
      {ended && (
        <Complaint>
          You were signed out: the session ended, or its token expired or was revoked. This page comes back as
          it was once you sign in.
        </Complaint>
      )}
      <p>
        This workbench can run models on the machine that serves it, so it asks who you are. Open the link
        that <code>neuronscope open</code> printed, which works once, or paste a token.
      </p>
      <TokenForm />
      <p className="muted">
        You started it yourself and the link is used up? Run the command again, and it prints a new one:
      </p>
      <pre className="code">neuronscope open</pre>
      <p className="muted">Somebody else did? They make a token for you:</p>
      <pre className="code">neuronscope token create NAME</pre>
    </main>
  );
}

function TokenForm() {
  const id = useId();
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const refusal = await signIn(token);
    // The page is read anew, at the address that was asked for, now with a session.
    if (refusal === null) globalThis.location.reload();
    else {
      setTrouble(refusal);
      setBusy(false);
    }
  }

  return (
    <form className="token-form" onSubmit={(event) => void submit(event)}>
      <label htmlFor={id}>Token</label>
      <div className="token-line">
        {/* For programs that keep passwords, which ask whose it is. */}
        <input type="text" name="username" autoComplete="username" value="token" hidden readOnly />
        <input
          id={id}
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          maxLength={200}
          required
          value={token}
          aria-invalid={trouble !== null}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" className="primary" loading={busy} disabled={token.trim() === ""}>
          Sign in
        </Button>
      </div>
      <div role="status">{trouble && <Complaint>{trouble}</Complaint>}</div>
    </form>
  );
}

/** Turns a token into a session; returns why not, or null where it worked. */
async function signIn(token: string): Promise<string | null> {
  try {
    const response = await reach(
      fetch("/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token: token.trim() }),
        credentials: "same-origin",
      }),
    );
    if (response.ok) return null;
    return sentenceOf(await response.json().catch(() => null), response.status);
  } catch (error) {
    return failureOf(error).message;
  }
}
