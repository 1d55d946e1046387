/** The bar above every page: model, its card, jobs, keys, theme. */
import { ActionIcon, Button } from "@mantine/core";
import { lazy, Suspense, useEffect, useState } from "react";
import { remember, useTheme } from "../state/theme";
import { useLab } from "../state/lab";
import { MoonIcon, SunIcon } from "./icons";
import { JobsIndicator } from "./JobsIndicator";
import { ModelChooser } from "./ModelChooser";

const ModelCard = lazy(() => import("../card/ModelCard"));
const Shortcuts = lazy(() => import("./Shortcuts"));

type Dialog = "card" | "keys" | null;

export function TopBar() {
  const [dialog, setDialog] = useState<Dialog>(null);
  const model = useLab(({ state }) => state.model);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const field = event.target instanceof HTMLElement && event.target.matches("input, textarea");
      if (event.key === "?" && !field) setDialog("keys");
    };
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  }, []);
  const close = () => setDialog(null);
  return (
    <header className="top-bar">
      <ModelChooser />
      <Button size="compact-xs" variant="default" disabled={model === ""} onClick={() => setDialog("card")}>
        Model card
      </Button>
      <span className="spring" />
      <JobsIndicator />
      <ActionIcon
        variant="subtle"
        size="sm"
        aria-label="Keyboard shortcuts"
        onClick={() => setDialog("keys")}
      >
        ?
      </ActionIcon>
      <ThemeSwitch />
      <Suspense fallback={null}>
        {dialog === "card" && <ModelCard model={model} onClose={close} />}
        {dialog === "keys" && <Shortcuts onClose={close} />}
      </Suspense>
    </header>
  );
}

function ThemeSwitch() {
  const theme = useTheme();
  const look = useLab((lab) => lab.look);
  const other = theme === "dark" ? "light" : "dark";
  const change = () => {
    remember(other);
    look({ theme: other });
  };
  return (
    <ActionIcon variant="subtle" size="sm" aria-label={`Change to the ${other} theme`} onClick={change}>
      {theme === "dark" ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}
