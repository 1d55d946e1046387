/** The frame of every page: rail, bar, page. */
import { MantineProvider } from "@mantine/core";
import { Link, Outlet } from "@tanstack/react-router";
import { useEffect } from "react";
import { Failure } from "../api/client";
import { useHealth, useModels } from "../api/queries";
import { mantine } from "../theme";
import { useTheme } from "../state/theme";
import { LabIcon, Mark } from "./icons";
import { SignIn } from "./SignIn";
import { TopBar } from "./TopBar";

export function Shell() {
  const theme = useTheme();
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <MantineProvider theme={mantine} forceColorScheme={theme}>
      <Frame />
    </MantineProvider>
  );
}

function Frame() {
  const { error } = useModels();
  if (error instanceof Failure && error.status === 401) return <SignIn />;
  return (
    <div className="shell">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <Rail />
      <TopBar />
      <div id="page" className="page" tabIndex={-1}>
        <Outlet />
      </div>
    </div>
  );
}

function Rail() {
  const { data } = useHealth();
  return (
    <nav className="rail" aria-label="Pages">
      <span className="mark" title={data ? `NeuronScope ${data.version}` : "NeuronScope"}>
        <Mark />
      </span>
      <Link to="/lab" search={(before) => before} className="rail-link" aria-current="page">
        <LabIcon />
        <span>Lab</span>
      </Link>
    </nav>
  );
}
