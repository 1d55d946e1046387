/** The prompt, its twin, and their tokens. */
import { Button, Menu } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type Ref, useId } from "react";
import { usePrompts, useTokens } from "../api/queries";
import type { CommonPrompt } from "../api/shapes";
import { Complaint, Panel } from "../shell/Panel";
import { panelsOf, writePanel } from "../state/lab";
import { usePage, usePageStore } from "../state/page";
import { StripFoot, TokenStrip } from "./TokenStrip";

const SETTLED = 250;

interface PromptPanelProps {
  model: string;
  first: Ref<HTMLTextAreaElement>;
  onTake: (prompt: CommonPrompt) => void;
}

export function PromptPanel({ model, first, onTake }: PromptPanelProps) {
  const { prompt = "", corrupt = "", target = "", distractor = "" } = usePage().query;
  return (
    <Panel
      id="prompt"
      title="Prompt"
      reading="what the model reads, and a twin to compare it with"
      className="prompt-panel"
      actions={
        <>
          <Watch />
          <CommonPrompts onTake={onTake} />
        </>
      }
    >
      <div className="prompt-texts">
        <PromptText
          label="Prompt"
          name="prompt"
          value={prompt}
          onChange={(text) => edit("prompt", text)}
          box={first}
        />
        <PromptText
          label="Corrupt twin"
          name="corrupt"
          hint="for patching"
          value={corrupt}
          onChange={(text) => edit("corrupt", text)}
        />
        <div className="prompt-answers">
          <AnswerText label="Target" name="target" value={target} hint="the answer that is right" />
          <AnswerText
            label="Distractor"
            name="distractor"
            value={distractor}
            hint="the answer to tell it from"
          />
        </div>
      </div>
      <Strips model={model} prompt={prompt} corrupt={corrupt} />
    </Panel>
  );
}

/** Changes a text of the question; what is on screen then answers the question before. */
function edit(name: string, text: string): void {
  const { query, set } = usePageStore.getState();
  const drafts = panelsOf(query).map((panel) => writePanel({ ...panel, draft: true }));
  set(Object.assign({ [name]: text }, ...drafts));
}

function AnswerText({
  label,
  name,
  value,
  hint,
}: {
  label: string;
  name: string;
  value: string;
  hint: string;
}) {
  const id = useId();
  return (
    <div className="answer-text">
      <label htmlFor={id} title={hint}>
        {label}
      </label>
      <input
        id={id}
        name={name}
        className="mono"
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => edit(name, event.currentTarget.value)}
      />
    </div>
  );
}

/** Opens or closes the stream and the 3D view. */
function Watch() {
  const { query, set } = usePage();
  const open = query.live === "1";
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-pressed={open}
      onClick={() => set({ live: open ? null : "1" }, { push: true })}
    >
      {open ? "Stop watching" : "Watch it generate"}
    </Button>
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

export function CommonPrompts({ onTake }: { onTake: (prompt: CommonPrompt) => void }) {
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
