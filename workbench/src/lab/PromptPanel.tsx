/** The prompt, its twin, and their tokens. */
import { Button, Menu } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type Ref, useId } from "react";
import { usePrompts, useTokens } from "../api/queries";
import type { CommonPrompt } from "../api/shapes";
import { Complaint, Panel } from "../shell/Panel";
import { useLab } from "../state/lab";
import { StripFoot, TokenStrip } from "./TokenStrip";

const SETTLED = 250;

interface PromptPanelProps {
  model: string;
  first: Ref<HTMLTextAreaElement>;
  onTake: (prompt: CommonPrompt) => void;
}

export function PromptPanel({ model, first, onTake }: PromptPanelProps) {
  const { prompt, corrupt } = useLab(({ state }) => state);
  const edit = useLab((lab) => lab.edit);
  return (
    <Panel
      title="Prompt"
      reading="what the model reads, and a twin to compare it with"
      className="prompt-panel"
      actions={<CommonPrompts onTake={onTake} />}
    >
      <div className="prompt-texts">
        <PromptText
          label="Prompt"
          name="prompt"
          value={prompt}
          onChange={(text) => edit({ prompt: text })}
          box={first}
        />
        <PromptText
          label="Corrupt twin"
          name="corrupt"
          hint="for patching"
          value={corrupt}
          onChange={(text) => edit({ corrupt: text })}
        />
      </div>
      <Strips model={model} prompt={prompt} corrupt={corrupt} />
    </Panel>
  );
}

interface TextProps {
  label: string;
  name: string;
  hint?: string;
  value: string;
  onChange: (text: string) => void;
  box?: Ref<HTMLTextAreaElement>;
}

function PromptText({ label, name, hint, value, onChange, box }: TextProps) {
  const id = useId();
  return (
    <div className="prompt-text">
      <label htmlFor={id}>
        {label} {hint && <span className="muted">{hint}</span>}
      </label>
      <textarea
        id={id}
        name={name}
        ref={box}
        rows={1}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </div>
  );
}

function Strips({ model, prompt, corrupt }: { model: string; prompt: string; corrupt: string }) {
  const [settled] = useDebouncedValue({ prompt, corrupt }, SETTLED);
  const clean = useTokens(model, settled.prompt);
  const twin = useTokens(model, settled.corrupt);
  const failure = clean.error ?? twin.error;
  const shown = settled.prompt === "" ? undefined : clean.data;
  const other = settled.corrupt === "" ? null : (twin.data ?? null);
  return (
    <div className="strips">
      {failure && <Complaint>{failure.message}</Complaint>}
      {!failure && shown && (
        <>
          <TokenStrip clean={shown} corrupt={other} />
          <StripFoot clean={shown} corrupt={other} />
        </>
      )}
      {!failure && !shown && (
        <p className="strip-foot muted">
          {settled.prompt === ""
            ? "Tokens appear here as you type."
            : "Opening the model to read the tokens…"}
        </p>
      )}
    </div>
  );
}

function CommonPrompts({ onTake }: { onTake: (prompt: CommonPrompt) => void }) {
  const { data } = usePrompts();
  const groups = Object.groupBy(data ?? [], ({ structure }) => structure);
  return (
    <Menu position="bottom-end" shadow="none" width={360}>
      <Menu.Target>
        <Button size="compact-xs" variant="default" disabled={!data?.length}>
          Common prompts
        </Button>
      </Menu.Target>
      <Menu.Dropdown className="common-prompts">
        {Object.entries(groups).map(([structure, prompts]) => (
          <div key={structure}>
            <Menu.Label>{structure.replaceAll("_", " ")}</Menu.Label>
            {prompts?.map((prompt) => (
              <Menu.Item key={prompt.name} onClick={() => onTake(prompt)}>
                {prompt.title}
                <span className="menu-detail">{prompt.prompt}</span>
              </Menu.Item>
            ))}
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
