/** The head of a unit's page: its address, its neighbours, and what can be done with it. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useExperiment } from "../dock/experiment";
import { PageLink } from "../shell/PageLink";
import { PinIcon } from "../shell/icons";
import { Complaint } from "../shell/Panel";
import { usePage } from "../state/page";
import { writePlaces } from "../state/places";
import { useSelection } from "../state/selection";
import { type Op, useStack } from "../state/stack";
import { placesOf, type Unit, writeUnit } from "../state/units";
import { beside, type Sizes, unitOf } from "./address";

interface HeadProps {
  unit: Unit;
  sizes: Sizes | null;
  /** What is known of it at a glance. */
  facts?: ReactNode;
}

function of(size: number | null | undefined): string {
  return size ? ` of 0 to ${size - 1}` : "";
}

export function UnitHead({ unit, sizes, facts }: HeadProps) {
  const { query } = usePage();
  const address = writeUnit(unit);
  return (
    <header className="unit-head" data-unit={address}>
      <div className="unit-name">
        <h1 className="mono">{address}</h1>
        <p className="muted">
          {unit.kind} {unit.index}
          {of(sizes?.[unit.kind])} · layer {unit.layer}
          {of(sizes?.layers)} · <span className="mono">{query.model}</span>
        </p>
        {facts && <p className="unit-facts">{facts}</p>}
      </div>
      <div className="unit-ways">
        <Neighbours unit={unit} sizes={sizes} />
        <AddressBox key={address} sizes={sizes} first={address} />
      </div>
      <Doings unit={unit} />
    </header>
  );
}

function Neighbours({ unit, sizes }: { unit: Unit; sizes: Sizes | null }) {
  const { set } = usePage();
  return (
    <>
      {([-1, 1] as const).map((by) => {
        const other = beside(unit, by, sizes);
        const way = by < 0 ? "Previous" : "Next";
        return (
          <ActionIcon
            key={by}
            size="md"
            variant="default"
            disabled={!other}
            aria-label={`${way} ${unit.kind}${other ? `, ${writeUnit(other)}` : ""}`}
            aria-keyshortcuts={by < 0 ? "[" : "]"}
            title={`${way} (${by < 0 ? "[" : "]"})`}
            onClick={() => other && set({ unit: writeUnit(other) })}
          >
            {by < 0 ? "‹" : "›"}
          </ActionIcon>
        );
      })}
    </>
  );
}

/** Goes to the unit that is typed, or says why it cannot. */
export function AddressBox({ sizes, first }: { sizes: Sizes | null; first: string }) {
  const { set } = usePage();
  const [text, setText] = useState(first);
  const [wrong, setWrong] = useState("");
  return (
    <form
      className="unit-address"
      onSubmit={(event) => {
        event.preventDefault();
        const unit = unitOf(text, sizes);
        if (typeof unit === "string") return setWrong(unit);
        setWrong("");
        return set({ unit: writeUnit(unit) }, { push: true });
      }}
    >
      <input
        className="mono"
        name="unit"
        aria-label="Address of a unit"
        placeholder="mlp_act.3.17 or z.2.1"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button size="compact-sm" variant="default" type="submit">
        Go
      </Button>
      {wrong && <Complaint>{wrong}</Complaint>}
    </form>
  );
}

const CHANGES: readonly { op: Op; value: string; label: string }[] = [
  { op: "zero", value: "", label: "set to 0" },
  { op: "mean", value: "", label: "set to its mean" },
  { op: "scale", value: "0.5", label: "halve" },
  { op: "scale", value: "2", label: "double" },
];

function Doings({ unit }: { unit: Unit }) {
  const { set } = usePage();
  const { pin, select } = useSelection();
  const site = writeUnit(unit);
  const places = placesOf(unit);
  const look = { size: "compact-sm", variant: "default" } as const;
  const add = (op: Op, value: string) => {
    useStack.getState().add({ site, op, value });
    set({ dock: "1" });
  };
  const ablate = () => {
    select(places);
    set({ dock: "1" });
    useExperiment.getState().start("ablate");
  };
  return (
    <div className="unit-doings">
      <Button {...look} leftSection={<PinIcon />} onClick={() => pin(places)}>
        Pin
      </Button>
      <Menu position="bottom-end" shadow="none">
        <Menu.Target>
          <Button {...look}>Add to stack</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {CHANGES.map(({ op, value, label }) => (
            <Menu.Item key={label} onClick={() => add(op, value)}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Button {...look} onClick={ablate}>
        Ablate here
      </Button>
      {unit.kind === "neuron" && (
        <PageLink
          to="/atlas"
          query={{ sel: writePlaces(places), map: "pca" }}
          title="The map of all neurons with this one selected"
        >
          On the atlas
        </PageLink>
      )}
    </div>
  );
}
