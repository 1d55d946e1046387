/** A button that asks once more before it does what cannot be undone. */
import { Button } from "@mantine/core";
import { useState } from "react";

interface SureProps {
  verb: string;
  /** What it is done to, for those who hear the page. */
  what: string;
  onSure: () => void;
}

export function Sure({ verb, what, onSure }: SureProps) {
  const [asked, setAsked] = useState(false);
  if (!asked)
    return (
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`${verb} ${what}`}
        onClick={() => setAsked(true)}
      >
        {verb}
      </Button>
    );
  return (
    <span className="sure">
      <Button
        size="compact-xs"
        className="primary"
        ref={(node: HTMLButtonElement | null) => node?.focus()}
        aria-label={`Yes, ${verb.toLowerCase()} ${what}`}
        onClick={() => {
          setAsked(false);
          onSure();
        }}
      >
        Yes, {verb.toLowerCase()}
      </Button>
      <Button size="compact-xs" variant="subtle" onClick={() => setAsked(false)}>
        Keep
      </Button>
    </span>
  );
}
