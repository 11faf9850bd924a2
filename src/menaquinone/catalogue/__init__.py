"""Members: forms, tissues, proteins, sites and effects of covariates, each number with its unit and its source."""
