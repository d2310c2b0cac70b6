
namespace NotebookKit.Training.Loss;

/// <summary>
/// The mean squared error of a step by how much noise was mixed in, each band a quarter of the timesteps; null where a
/// step drew none. Little noise is hard to see and decides details, much noise is easy and decides the layout: the bands
/// differ by far more than the loss changes in training.
/// </summary>
/// <param name="Low">Timesteps of the first quarter, the least noise.</param>
/// <param name="MidLow">Of the second.</param>
/// <param name="MidHigh">Of the third.</param>
/// <param name="High">Of the last, the most noise.</param>
public readonly record struct BandLosses(double? Low, double? MidLow, double? MidHigh, double? High)
{
    /// <summary>The bands of some pictures.</summary>
    /// <param name="errors">Each picture's timestep and mean squared error.</param>
    /// <param name="timesteps">How many timesteps there are.</param>
    public static BandLosses Of(IEnumerable<(long Timestep, double Error)> errors, int timesteps)
    {
        var bands = errors.ToLookup(error => (int)(error.Timestep * 4 / timesteps), error => error.Error);
        return new BandLosses(Mean(0), Mean(1), Mean(2), Mean(3));

        double? Mean(int band) => bands[band].Any() ? bands[band].Average() : null;
    }
}
