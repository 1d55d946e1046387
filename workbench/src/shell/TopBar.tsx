/** The bar above every page: model, its card, what is selected, search, jobs, dock, keys, theme. */
import { ActionIcon, Button } from "@mantine/core";
import { lazy, Suspense, useEffect, useState } from "react";
import { KINDS, useExperiment } from "../dock/experiment";
import { usePage, usePageStore } from "../state/page";
import { turn, useTheme } from "../state/theme";
import { inWords } from "../figures/words";
import { useSelection } from "../state/selection";
import { useMe } from "../api/queries";
import { CloseIcon, DockIcon, LeaveIcon, MoonIcon, SearchIcon, SunIcon } from "./icons";
import { JobsIndicator } from "./JobsIndicator";
import { typing } from "./keys";
import { ModelChooser } from "./ModelChooser";
import { NewBuild } from "./NewBuild";

const ModelCard = lazy(() => import("../card/ModelCard"));
const Shortcuts = lazy(() => import("./Shortcuts"));
const Palette = lazy(() => import("./Palette"));

type Dialog = "card" | "keys" | "palette" | null;

export function TopBar() {
  const [dialog, setDialog] = useState<Dialog>(null);
  const model = usePageStore(({ query }) => query.model ?? "");
  useDialogKeys(setDialog);
  const close = () => setDialog(null);
  return (
    <header className="top-bar">
      <ModelChooser />
      <Button size="compact-xs" variant="default" disabled={model === ""} onClick={() => setDialog("card")}>
        Model card
      </Button>
      <SelectionChip />
      <span className="spring" />
      <NewBuild />
      <Button
        size="compact-xs"
        variant="default"
        className="search-button"
        leftSection={<SearchIcon />}
        onClick={() => setDialog("palette")}
      >
        Search <kbd>Ctrl K</kbd>
      </Button>
      <JobsIndicator />
      <DockSwitch />
      <ActionIcon
        variant="subtle"
        size="sm"
        aria-label="Keyboard shortcuts"
        onClick={() => setDialog("keys")}
      >
        ?
      </ActionIcon>
      <ThemeSwitch />
      <SignOut />
      <Suspense fallback={null}>
        {dialog === "card" && <ModelCard model={model} onClose={close} />}
        {dialog === "keys" && <Shortcuts onClose={close} />}
        {dialog === "palette" && <Palette onClose={close} onCard={() => setDialog("card")} />}
      </Suspense>
    </header>
  );
}

function useDialogKeys(show: (dialog: Dialog) => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        show("palette");
      }
      if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") show("keys");
      if (event.key === "d") toggleDock();
      tryAt(event.key);
    };
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  }, [show]);
}

/** Starts the experiment of a key at what is selected; the dock shows it. */
function tryAt(key: string): void {
  const kind = KINDS.find((one) => one.key === key)?.kind;
  if (!kind || !useSelection.getState().selected) return;
  usePageStore.getState().set({ dock: "1" });
  useExperiment.getState().start(kind);
}

function toggleDock(): void {
  const { query, set } = usePageStore.getState();
  set({ dock: query.dock === "1" ? null : "1" });
}

function DockSwitch() {
  const open = usePage().query.dock === "1";
  return (
    <ActionIcon
      variant={open ? "light" : "subtle"}
      size="sm"
      aria-label={open ? "Close the dock" : "Open the dock: selection and interventions"}
      aria-pressed={open}
      onClick={toggleDock}
    >
      <DockIcon />
    </ActionIcon>
  );
}

/** What is selected, and a way to let go of it from any page. */
function SelectionChip() {
  const { selected, select } = useSelection();
  if (!selected) return null;
  const words = Object.entries(selected).map(([axis, index]) => `${inWords(axis)} ${index}`);
  return (
    <span className="selection-chip">
      <span className="mono">{words.join(" · ")}</span>
      <button
        type="button"
        className="quiet"
        onClick={() => select(null)}
        aria-label="Let go of the selection"
      >
        <CloseIcon />
      </button>
    </span>
  );
}

async function leave(): Promise<void> {
  await fetch("/logout", { method: "POST", credentials: "same-origin" });
  location.reload();
}

/** Ends the session of this browser; a token that was sent by a program has none. */
function SignOut() {
  const { data } = useMe();
  if (!data?.session) return null;
  return (
    <ActionIcon
      variant="subtle"
      size="sm"
      aria-label={`Sign out ${data.name}`}
      title={`Signed in as ${data.name} (${data.role})`}
      onClick={() => void leave()}
    >
      <LeaveIcon />
    </ActionIcon>
  );
}

function ThemeSwitch() {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <ActionIcon
      variant="subtle"
      size="sm"
      aria-label={`Change to the ${other} theme`}
      onClick={() => turn(other)}
    >
      {theme === "dark" ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}
