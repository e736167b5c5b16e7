"""Least squares on lmfit, and the one kind of result that every fit returns."""
