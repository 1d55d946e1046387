/** What differs between the sides: another model, two results, two steps of a training, two methods. */
import { Button, Select } from "@mantine/core";
import { useEffect, useMemo } from "react";
import type { Form } from "../api/shapes";
import { capital, inWords } from "../figures/words";
import { SubjectForm } from "../form/SubjectForm";
import { Going } from "../result/AnswerPanel";
import { useAnswered } from "../result/useAnswered";
import { usePage } from "../state/page";
import { methodsIn, methodsOf } from "./sides";

const SAYS: Record<string, string> = {
  a: "The answer of side A, by its digest.",
  b: "The answer of side B, by its digest.",
  other: "The model to set beside the one in the bar above.",
  series: "A model whose training was kept, with @* behind its name.",
};

/** Names that stand in the query, chosen from what is known. */
export function Named({ names, type }: { names: readonly string[]; type: string }) {
  const { query, set } = usePage();
  const subjects = names.map((name) => ({ name, type, required: true, help: SAYS[name] ?? "" }));
  const given = Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
  const change = (next: Record<string, unknown>) => {
    const patch = Object.fromEntries(names.map((name) => [name, (next[name] as string | undefined) ?? null]));
    set({ ...patch, draft: type === "Result" ? null : "1" });
  };
  return <SubjectForm subjects={subjects} given={given} onChange={change} />;
}

/** Two sliders over the steps that a training kept; the answer beside the comparison knows them. */
export function Steps({ series }: { series: string }) {
  const { query, set } = usePage();
  const asked = query["ask.checkpoint_drift"] === "1";
  const question = useMemo(
    () => (asked ? { analysis: "checkpoint_drift", arguments: { checkpoints: series } } : null),
    [asked, series],
  );
  const answered = useAnswered(question);
  const steps = answered.result?.coords.step?.values as number[] | undefined;
  const [first, last] = [steps?.[0], steps?.at(-1)];
  const chosen = Boolean(query["step.a"] && query["step.b"]);
  useEffect(() => {
    if (!chosen && first !== undefined) set({ "step.a": String(first), "step.b": String(last) });
  }, [chosen, first, last, set]);
  if (!steps)
    return (
      <div className="compare-steps">
        {!asked && (
          <Button size="xs" variant="default" onClick={() => set({ "ask.checkpoint_drift": "1" })}>
            Find the steps
          </Button>
        )}
        <Going answered={answered} />
      </div>
    );
  return (
    <div className="compare-steps">
      <Step label="Step of A" name="step.a" steps={steps} />
      <Step label="Step of B" name="step.b" steps={steps} />
    </div>
  );
}

interface StepProps {
  label: string;
  name: string;
  steps: readonly number[];
}

function Step({ label, name, steps }: StepProps) {
  const { query, set } = usePage();
  const index = Math.max(steps.indexOf(Number(query[name])), 0);
  return (
    <div className="slider">
      <label>
        <span className="slider-word">{label}</span>
        <input
          type="range"
          className="range"
          name={name}
          min={0}
          max={steps.length - 1}
          value={index}
          aria-valuetext={`step ${steps[index]}`}
          onChange={(event) => set({ [name]: String(steps[Number(event.currentTarget.value)]), draft: "1" })}
        />
        <output className="slider-value">{steps[index]}</output>
      </label>
    </div>
  );
}

export function Methods({ form }: { form: Form }) {
  const { query, set } = usePage();
  const chosen = methodsIn(query, form);
  return (
    <>
      {(["method.a", "method.b"] as const).map((name, place) => (
        <Select
          key={name}
          size="xs"
          name={name}
          label={place === 0 ? "First method" : "Second method"}
          data={methodsOf(form).map((value) => ({ value, label: capital(inWords(value)) }))}
          value={chosen[place] ?? null}
          allowDeselect={false}
          onChange={(value) => set({ [name]: value, draft: "1" })}
        />
      ))}
    </>
  );
}
