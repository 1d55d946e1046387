/** The same question as Python, command line and curl. */
import { Button, SegmentedControl } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useState } from "react";
import { BASE } from "../api/client";
import type { Result } from "../api/shapes";
import { CopyIcon } from "../shell/icons";
import { Panel } from "../shell/Panel";

const TONGUES = [
  { value: "python", label: "Python" },
  { value: "command_line", label: "Command line" },
  { value: "curl", label: "curl" },
] as const;
type Tongue = (typeof TONGUES)[number]["value"];

export function CodePanel({ result }: { result: Result }) {
  const [tongue, setTongue] = useState<Tongue>("python");
  const { copy, copied } = useClipboard({ timeout: 1500 });
  const code = result.code[tongue];
  return (
    <Panel
      id="code"
      title="Code"
      reading="the same question at the other doors"
      className="code-panel"
      actions={
        <>
          <SegmentedControl
            size="xs"
            data={[...TONGUES]}
            value={tongue}
            onChange={(value) => setTongue(value as Tongue)}
            aria-label="Door"
          />
          <Button
            size="compact-xs"
            variant="default"
            component="a"
            href={`${BASE}/results/${result.digest}/notebook`}
            download
          >
            Notebook
          </Button>
          <Button size="compact-xs" variant="default" leftSection={<CopyIcon />} onClick={() => copy(code)}>
            {copied ? "Copied" : "Copy"}
          </Button>
        </>
      }
    >
      <pre tabIndex={0} className="code" data-tongue={tongue}>
        {code}
      </pre>
    </Panel>
  );
}
