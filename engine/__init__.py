"""Finding, building and completing the Pulumi engine this project's demo and tests run on."""
