"""Where people and programs come in; each door stands alone and none knows an analysis by name."""
