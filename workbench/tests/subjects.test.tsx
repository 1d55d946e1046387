// @vitest-environment jsdom
import "./setup";
import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Form } from "../src/api/shapes";
import { renamed, SubjectForm } from "../src/form/SubjectForm";
import { missingOf, questionOf, subjectsOf } from "../src/state/lab";

const names: Record<string, { name: string; summary: string }[]> = {
  Task: [
    { name: "capital", summary: "What is the capital of a country?" },
    { name: "pronoun", summary: "He or she?" },
  ],
};

vi.mock("../src/api/queries", () => ({
  useKnown: (type: string) => ({ data: names[type] ?? [] }),
  useStored: () => ({ data: [{ digest: "0123456789abcdef", title: "task_evaluation · capital" }] }),
}));

const form = {
  name: "task_evaluation",
  subjects: [
    { name: "model", type: "Model", required: true, help: "A model." },
    { name: "task", type: "Task", required: true, help: "Name of a task." },
    { name: "parent", type: "Result", required: false, help: "An earlier answer." },
  ],
  parameters: { properties: { n_prompts: { type: "integer", default: 100 } } },
} as unknown as Form;

function shown(
  given: Record<string, unknown>,
  onChange: (given: Record<string, unknown>) => void = () => {},
) {
  render(
    <MantineProvider>
      <SubjectForm subjects={subjectsOf(form)} given={given} onChange={onChange} />
    </MantineProvider>,
  );
}

function input(name: string): HTMLInputElement {
  const found = document.querySelector<HTMLInputElement>(`input[name="${name}"]`);
  if (!found) throw new Error(`no input is called ${name}`);
  return found;
}

describe("the subjects of a question", () => {
  it("lists the tasks and takes any other name", async () => {
    const onChange = vi.fn();
    shown({}, onChange);
    const task = input("task");
    await userEvent.click(task);
    expect(await screen.findByText("He or she?")).toBeTruthy();
    await userEvent.type(task, "m");
    expect(onChange).toHaveBeenCalledWith({ task: "m" });
  });

  it("says what the chosen task is, and else what a task may be", () => {
    shown({ task: "capital" });
    const told = [...document.querySelectorAll(".mantine-Autocomplete-description")];
    expect(told.map((words) => words.textContent)).toEqual([
      "What is the capital of a country?",
      "An earlier answer.",
    ]);
  });

  it("offers the answers of the store where a result is asked for", async () => {
    shown({});
    await userEvent.click(input("parent"));
    expect(await screen.findByText("task_evaluation · capital")).toBeTruthy();
  });

  it("leaves an empty name out", () => {
    expect(renamed({ task: "capital", n_prompts: 3 }, "task", "")).toEqual({ n_prompts: 3 });
  });
});

describe("a question about a task", () => {
  const query = { model: "builtin:scribe" };

  it("is not asked before the task is named", () => {
    expect(missingOf(query, form, {})).toBe("Name a task.");
    expect(missingOf(query, form, { task: "capital" })).toBeNull();
  });

  it("carries model, task and parameters, and nothing that is not its own", () => {
    const args = { task: "capital", n_prompts: 20, top_k: 3 };
    expect(questionOf(query, form, args).arguments).toEqual({
      model: "builtin:scribe",
      task: "capital",
      n_prompts: 20,
    });
  });
});

describe("a question under interventions", () => {
  it("carries them where it has a model, and only there", () => {
    const query = { model: "builtin:scribe", do: "z.2.1 zero; mlp_act.3.17 scale=0" };
    expect(questionOf(query, form, { task: "capital" }).arguments.do).toEqual([
      "z.2.1 zero",
      "mlp_act.3.17 scale=0",
    ]);
    const reading = { ...form, subjects: form.subjects.filter(({ type }) => type !== "Model") };
    expect("do" in questionOf(query, reading as Form, {}).arguments).toBe(false);
  });
});
