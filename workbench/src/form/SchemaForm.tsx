/** The form of an analysis, made from its schema. */
import { NumberInput, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { capital, inWords } from "../figures/words";
import { changed, complaint, type Field, linesOf } from "./schema";

interface SchemaFormProps {
  fields: readonly Field[];
  given: Record<string, unknown>;
  onChange: (given: Record<string, unknown>) => void;
}

export function SchemaForm({ fields, given, onChange }: SchemaFormProps) {
  return (
    <div className="form">
      {fields.map((field) => (
        <FieldControl
          key={field.name}
          field={field}
          value={given[field.name] ?? field.initial}
          onChange={(value) => onChange(changed(given, field, value))}
        />
      ))}
    </div>
  );
}

interface FieldProps {
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
}

function FieldControl({ field, value, onChange }: FieldProps) {
  const shared = {
    label: capital(field.label),
    description: field.help || undefined,
    withAsterisk: field.required,
    error: complaint(field, value) ?? undefined,
    size: "xs" as const,
    name: field.name,
  };
  if (field.control === "select")
    return (
      <Select
        {...shared}
        data={field.options.map((option) => ({ value: option, label: inWords(option) }))}
        value={value === undefined || value === null ? null : String(value)}
        onChange={onChange}
        allowDeselect={field.nullable}
      />
    );
  if (field.control === "switch")
    return (
      <Switch
        {...shared}
        checked={Boolean(value)}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  if (field.control === "integer" || field.control === "number")
    return <NumberControl shared={shared} field={field} value={value} onChange={onChange} />;
  if (field.control === "lines") return <LinesControl shared={shared} value={value} onChange={onChange} />;
  if (field.control === "json") return <JsonControl shared={shared} value={value} onChange={onChange} />;
  return (
    <TextInput
      {...shared}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.currentTarget.value)}
      classNames={{ input: "mono" }}
    />
  );
}

type Shared = Record<string, unknown>;

function NumberControl({ shared, field, value, onChange }: FieldProps & { shared: Shared }) {
  const whole = field.control === "integer";
  const { minimum, maximum } = field;
  const bounded = minimum !== null && maximum !== null && maximum - minimum <= 200;
  return (
    <div className="number-field">
      <NumberInput
        {...shared}
        value={typeof value === "number" ? value : String(value ?? "")}
        onChange={onChange}
        step={whole ? 1 : 0.05}
        allowDecimal={!whole}
        allowNegative={minimum === null || minimum < 0}
        clampBehavior="none"
      />
      {bounded && (
        <input
          type="range"
          className="range"
          aria-label={`${field.label}, slider`}
          min={minimum}
          max={maximum}
          step={whole ? 1 : (maximum - minimum) / 100}
          value={Number(value ?? minimum)}
          onChange={(event) => onChange(Number(event.currentTarget.value))}
        />
      )}
    </div>
  );
}

/** A list of texts, one a line. */
function LinesControl({ shared, value, onChange }: Omit<FieldProps, "field"> & { shared: Shared }) {
  const given = Array.isArray(value) ? value.map(String) : [];
  const [typed, setTyped] = useState(given.join("\n"));
  const text = linesOf(typed).join("\n") === given.join("\n") ? typed : given.join("\n");
  return (
    <Textarea
      {...shared}
      placeholder="one a line"
      rows={Math.min(Math.max(text.split("\n").length, 2), 8)}
      value={text}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        onChange(linesOf(event.currentTarget.value));
      }}
      classNames={{ input: "mono" }}
    />
  );
}

function JsonControl({ shared, value, onChange }: Omit<FieldProps, "field"> & { shared: Shared }) {
  const text = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  const take = (typed: string) => {
    try {
      onChange(JSON.parse(typed));
    } catch {
      onChange(typed);
    }
  };
  return (
    <Textarea
      {...shared}
      placeholder="JSON"
      defaultValue={text}
      onBlur={(event) => take(event.currentTarget.value)}
      classNames={{ input: "mono" }}
    />
  );
}
