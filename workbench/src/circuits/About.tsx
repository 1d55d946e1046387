/** What the maps are about: two prompts that differ, or a task. */
import { Button, SegmentedControl, Select } from "@mantine/core";
import { type ReactNode, type SubmitEvent, useId, useState } from "react";
import { useKnown } from "../api/queries";
import type { CommonPrompt } from "../api/shapes";
import { CommonPrompts } from "../lab/PromptPanel";
import { Panel } from "../shell/Panel";
import { type Query, usePage } from "../state/page";

const FIELDS = [
  { name: "prompt", label: "Prompt" },
  { name: "corrupt", label: "Corrupt twin" },
  { name: "target", label: "Target" },
  { name: "distractor", label: "Distractor" },
] as const;

type Texts = Record<(typeof FIELDS)[number]["name"], string>;

/** `children` are the choices of the view itself. */
export function About({ children }: { children?: ReactNode }) {
  const { query, set } = usePage();
  const [texts, setTexts] = useState(() => textsOf(query));
  const [known, setKnown] = useState(query);
  const [byTask, setByTask] = useState(!query.prompt && Boolean(query.task));
  if (known !== query) {
    setKnown(query);
    if (FIELDS.some(({ name }) => known[name] !== query[name]) && query.prompt) {
      setTexts(textsOf(query));
      setByTask(false);
    }
  }
  const ask = (event: SubmitEvent) => {
    event.preventDefault();
    set({ ...texts, task: null, sel: null }, { push: true });
  };
  const take = ({ prompt, corrupt, target, distractor }: CommonPrompt) =>
    set({ prompt, corrupt, target, distractor, task: null, sel: null }, { push: true });
  const changed = FIELDS.some(({ name }) => texts[name] !== (query[name] ?? ""));
  return (
    <Panel
      id="about"
      title="Question"
      reading="two prompts that differ in one word, or a task of many"
      className="about-panel"
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label="What the maps are about"
            data={["Two prompts", "A task"]}
            value={byTask ? "A task" : "Two prompts"}
            onChange={(value) => setByTask(value === "A task")}
          />
          <CommonPrompts onTake={take} />
        </>
      }
    >
      {byTask ? (
        <TaskChoice />
      ) : (
        <form className="about-form" onSubmit={ask}>
          {FIELDS.map(({ name, label }) => (
            <Field
              key={name}
              {...{ name, label }}
              value={texts[name]}
              onChange={(text) => setTexts({ ...texts, [name]: text })}
            />
          ))}
          <Button type="submit" size="xs" className="primary" disabled={!changed || !texts.prompt}>
            Ask
          </Button>
        </form>
      )}
      {children && <div className="choices-row">{children}</div>}
    </Panel>
  );
}

function textsOf(query: Query): Texts {
  const { prompt = "", corrupt = "", target = "", distractor = "" } = query;
  return { prompt, corrupt, target, distractor };
}

interface FieldProps {
  name: keyof Texts;
  label: string;
  value: string;
  onChange: (text: string) => void;
}

function Field({ name, label, value, onChange }: FieldProps) {
  const id = useId();
  return (
    <div className={`about-field ${name}`}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        className="mono"
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </div>
  );
}

/** The tasks that are known; a task takes the place of the prompts. */
export function TaskChoice({ fallback = "" }: { fallback?: string }) {
  const { query, set } = usePage();
  const { data: tasks = [] } = useKnown("Task");
  const chosen = tasks.find(({ name }) => name === query.task);
  const none = { prompt: null, corrupt: null, target: null, distractor: null, sel: null };
  return (
    <div className="about-task">
      <Select
        size="xs"
        label="Task"
        placeholder={fallback || "Choose a task"}
        data={tasks.map(({ name }) => name)}
        value={query.task ?? null}
        onChange={(task) => task && set({ ...none, task }, { push: true })}
      />
      <p className="muted note">{chosen?.summary ?? "Effects are means over its prompts, with intervals."}</p>
    </div>
  );
}
