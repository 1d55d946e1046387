/** A recipe followed step by step: its parameters, then each step with its prose, answer and checks. */
import { Button, TextInput } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import type { Recipe } from "../api/shapes";
import { capital, inWords, number } from "../figures/words";
import { AnsweredPanel } from "../result/AnswerPanel";
import { useAnswered } from "../result/useAnswered";
import { readView, writeView } from "../result/view";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { Prose } from "../shell/Prose";
import { usePage, usePageStore } from "../state/page";
import {
  type Answers,
  type Given,
  givenOf,
  useAnswers,
  useChecked,
  useFilled,
  withoutAnswers,
} from "./following";

export function RecipeSteps({ recipe }: { recipe: Recipe }) {
  const { query } = usePage();
  const given = useMemo(() => givenOf(query, recipe), [query, recipe]);
  const [answers, note] = useAnswers(recipe);
  return (
    <>
      <Parameters recipe={recipe} given={given} answers={answers} />
      {/* A step about other parameters is another step: nothing of the answer before is shown as its own. */}
      {recipe.steps.map((step, index) => (
        <Step
          key={`${step.name} ${JSON.stringify(given)}`}
          {...{ recipe, step, index, given, answers }}
          onAnswer={(digest) => note(step.name, digest)}
        />
      ))}
    </>
  );
}

interface ParametersProps {
  recipe: Recipe;
  given: Given;
  answers: Answers;
}

/** What the recipe is about, and its parameters; a change forgets the answers. */
function Parameters({ recipe, given, answers }: ParametersProps) {
  const { set } = usePage();
  const done = Object.keys(answers).length;
  const all = () =>
    set(Object.fromEntries(recipe.steps.map(({ name }) => [`ask.${name}`, "1"])), { push: true });
  return (
    <Panel
      id="recipe"
      title={recipe.title}
      reading={`${done} of ${recipe.steps.length} steps answered`}
      className="recipe-parameters"
      actions={
        <Button size="compact-xs" className="primary" onClick={all}>
          Run all steps
        </Button>
      }
    >
      <p>{recipe.summary}</p>
      <Prose text={recipe.prose} />
      <div className="recipe-form">
        {Object.entries(recipe.parameters).map(([name, usual]) => (
          <Parameter
            key={name}
            name={name}
            value={String(given[name] ?? usual)}
            onSettle={(text) =>
              set({ ...withoutAnswers(recipe), [`given.${name}`]: text === String(usual) ? null : text })
            }
          />
        ))}
      </div>
    </Panel>
  );
}

interface ParameterProps {
  name: string;
  value: string;
  onSettle: (text: string) => void;
}

/** The text is a draft until Enter or leaving the box. */
function Parameter({ name, value, onSettle }: ParameterProps) {
  const [text, setText] = useState(value);
  const settle = () => text !== value && onSettle(text);
  return (
    <TextInput
      size="xs"
      label={capital(inWords(name))}
      name={name}
      value={text}
      classNames={{ input: "mono" }}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={settle}
      onKeyDown={(event) => event.key === "Enter" && settle()}
    />
  );
}

interface StepProps {
  recipe: Recipe;
  step: Recipe["steps"][number];
  index: number;
  given: Given;
  answers: Answers;
  onAnswer: (digest: string) => void;
}

function Step({ recipe, step, index, given, answers, onAnswer }: StepProps) {
  const { query, set } = usePage();
  const waits = step.needs.filter((name) => !answers[name]);
  const wanted = query[`ask.${step.name}`] === "1";
  const slot = `.${step.name}`;
  const earlier = useMemo(
    () => Object.fromEntries(step.needs.flatMap((name) => (answers[name] ? [[name, answers[name]]] : []))),
    [step, answers],
  ) as Answers;
  const filled = useFilled(recipe, step.name, given, earlier, wanted && waits.length === 0);
  const question = useMemo(
    () => (wanted && waits.length === 0 && step.sort === "ask" ? (filled.data ?? null) : null),
    [wanted, waits.length, step.sort, filled.data],
  );
  const answered = useAnswered(question);
  const digest = answered.phase === "done" ? answered.result?.digest : undefined;
  useEffect(() => {
    if (digest && !answers[step.name]) onAnswer(digest);
  }, [digest, answers, step.name, onAnswer]);
  useShown(recipe, step.name, given, digest, slot);
  const title = `${index + 1}. ${capital(inWords(step.does))}`;
  return (
    <div className="recipe-step" data-step={step.name}>
      {step.prose && (
        <div className="recipe-prose">
          <Prose text={step.prose} />
        </div>
      )}
      <AnsweredPanel
        id={`step-${step.name}`}
        slot={slot}
        title={title}
        asked={question}
        answered={answered}
        tall={320}
        empty={
          <Empty
            button={
              step.sort === "ask" && (
                <Button
                  size="xs"
                  variant="default"
                  disabled={waits.length > 0}
                  onClick={() => set({ [`ask.${step.name}`]: "1" }, { push: true })}
                >
                  Ask
                </Button>
              )
            }
          >
            {waitingWords(step, waits)}
          </Empty>
        }
      />
      {filled.error && <Complaint>{filled.error.message}</Complaint>}
      {digest && step.checks > 0 && <Checks recipe={recipe} step={step.name} given={given} digest={digest} />}
    </div>
  );
}

function waitingWords(step: StepProps["step"], waits: readonly string[]): string {
  if (step.sort === "make")
    return `This step makes something that lasts: run it with \`neuronscope make ${step.does.replaceAll("_", "-")}\`.`;
  if (waits.length > 0) return `It builds on ${waits.join(" and ")}, which is not answered yet.`;
  return "Not asked yet.";
}

/** Sets the view to the picture that the recipe shows, until the reader has looked at another. */
function useShown(
  recipe: Recipe,
  step: string,
  given: Given,
  digest: string | undefined,
  slot: string,
): void {
  const { data } = useChecked(recipe, step, given, digest);
  const first = data?.show[0];
  useEffect(() => {
    if (!first) return;
    const { query, set } = usePageStore.getState();
    const view = readView(query, slot);
    if (view.variable === "" && Object.keys(view.at).length === 0)
      set(writeView({ ...view, variable: first.variable, at: first.at }, slot));
  }, [first, slot]);
}

/** What the step's answer says, check by check. */
function Checks({
  recipe,
  step,
  given,
  digest,
}: {
  recipe: Recipe;
  step: string;
  given: Given;
  digest: string;
}) {
  const { data, error } = useChecked(recipe, step, given, digest);
  if (error) return <Complaint>{error.message}</Complaint>;
  if (!data) return <div className="skeleton" style={{ height: 32 }} />;
  return (
    <ul className="recipe-checks">
      {data.verdicts.map(({ met, value, words }, index) => (
        <li key={index} className={met ? "met" : "missed"} data-met={met}>
          <b>{met ? "✓ met" : "✗ missed"}</b> <span>{words}</span>
          <span className="mono muted">{number(value ?? undefined)}</span>
        </li>
      ))}
    </ul>
  );
}
