using System;
using System.Collections.Generic;

namespace Snn.Tests
{
    internal static class TrainerTests
    {
        [Test]
        internal static void ABatchTakesEventsAsItTakesFrames()
        {
            var builder = new NetworkBuilder(1.0);
            int input = builder.AddSpikeInput("in", 2), output = builder.AddNeurons("out", "leaky_integrator", 2);
            builder.Connect(Projection.Dense(input, output, new[] { 0.5f, 1, 0.25f, 0 }));
            using (Network network = builder.Finish())
            using (var session = new Session(network, new SessionOptions { BatchSize = 2 }))
            using (var trainer = new Trainer(session, new TrainerOptions(output, 3) { Loss = Loss.CrossEntropyMaxMembrane }))
            {
                var frames = new float[3 * 2 * 2];
                frames[1] = 1; // step 0, sample 0, neuron 1
                frames[10] = 1; // step 2, sample 1, neuron 0
                Func<Batch> batch = () => new Batch { Labels = new[] { 0, 1 } };
                double expected = trainer.Forward(batch().Add(0, frames)).Loss;
                Batch events = batch().AddInputSpikes(0, new uint[] { 0, 2 }, new uint[] { 1, 0 }, new uint[] { 0, 1 });
                Assert.True(trainer.Forward(events).Loss == expected, "loss of events");
                Batch silence = batch().AddInputSpikes(0, new uint[0], new uint[0], new uint[0]);
                Assert.True(trainer.Step(silence).Loss != expected, "loss of silence");
                Batch late = batch().AddInputSpikes(0, new uint[] { 3 }, new uint[] { 0 }, new uint[] { 0 });
                Assert.Fails(Status.InvalidArgument, () => trainer.Step(late));
                Assert.Throws<ArgumentException>(() => batch().AddInputSpikes(0, new uint[2], new uint[1]));
            }
        }

        [Test]
        internal static void TrainingLowersTheLossAndCallsBack()
        {
            using (Network network = Networks.Trainable())
            using (var session = new Session(network, new SessionOptions { BatchSize = 2 }))
            {
                ulong epochs = 0, updates = 0;
                session.OnEpoch((from, epoch) =>
                {
                    Assert.Equal(80, (long)epoch.SampleCount, "samples");
                    epochs = epoch.Number;
                });
                session.OnWeights((from, projection, update, norm) => updates += norm > 0 && update > 0 ? 1u : 0u);
                var options = new TrainerOptions(network.FindPopulation("out"), 20)
                {
                    Loss = Loss.CrossEntropyMaxMembrane, LearningRate = 1e-2, Optimizer = Optimizer.Adam
                };
                using (var trainer = new Trainer(session, options))
                {
                    Batch batch = new Batch { Labels = new[] { 0, 1 } }.AddHeld(0, new float[] { 1, 0, 1, 0, 0, 1, 0, 1 });
                    TrainResult first = trainer.Step(batch);
                    for (int i = 1; i < 40; ++i) trainer.Step(batch);
                    Assert.Equal(1, (long)trainer.EndEpoch().Number, "epoch");
                    Assert.Equal(1, (long)epochs, "epoch callback");
                    Assert.Equal(80, (long)updates, "weight callback");
                    TrainResult last = trainer.Forward(batch);
                    Assert.True(last.Loss < 0.5 * first.Loss, first.Loss + " -> " + last.Loss);
                    Assert.Equal(2, last.CorrectCount, "correct");
                    var scores = new float[4];
                    trainer.Scores(scores);
                    Assert.True(scores[0] > scores[1] && scores[3] > scores[2], "scores");
                    Assert.True(trainer.LossOf(2) == last.Loss, "loss of the output");
                    Assert.Fails(Status.InvalidArgument, () => trainer.LossOf(1));
                    trainer.Backward();
                    trainer.SetLearningRate(1e-3);
                    trainer.Update();
                    trainer.SetClassWeights(new float[] { 1, 0 });
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetClassWeights(new float[] { 1 }));
                    trainer.SetClassWeights(new float[0]);
                    trainer.SetAuxiliaryLoss(1, Loss.CrossEntropyCount, 0);
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetAuxiliaryLoss(2, Loss.CrossEntropyMaxMembrane)); // the output
                    trainer.SetDropout(1, 0.5);
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetDropout(0, 0.5));
                    trainer.SetQuantization(0, 8, true);
                    trainer.SetQuantization(0, 0);
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetQuantization(0, 1));
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetNormalization(0, -1));
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetDelayLearning(0, 2)); // it is dense
                    double[] state = trainer.State();
                    trainer.SetState(state);
                    Assert.Equal(41, (long)state[0], "updates in the state");
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetState(new double[1]));
                    using (Network learned = session.ToNetwork())
                    {
                        Assert.True(learned.Learnable(1, "tau_membrane") && !learned.Learnable(1, "threshold"), "learnable");
                        Assert.True(learned.Parameter(1, "tau_membrane")[0] != 20, "a parameter learns");
                    }
                    Assert.Fails(Status.State, () => trainer.Update());
                    Assert.Fails(Status.InvalidArgument, () => trainer.Step(new Batch { Labels = new int[1] }));
                    Assert.Throws<ArgumentNullException>(() => trainer.Step(null));
                }
                const int steps = 20;
                var own = new TrainerOptions(network.FindPopulation("out"), steps) { Loss = Loss.None, LearningRate = 1e-2 };
                using (var trainer = new Trainer(session, own))
                {
                    Batch batch = new Batch().AddHeld(0, new float[] { 1, 0, 1, 0, 0, 1, 0, 1 });
                    float[] v = new float[steps * 2 * 2], gradient = new float[v.Length];
                    var losses = new List<double>();
                    for (int i = 0; i < 40; ++i)
                    {
                        trainer.Run(batch, new StepArrays().Add(network.FindPopulation("out"), "v", v));
                        double loss = 0; // the mean square distance from 0.5
                        for (int k = 0; k < v.Length; ++k)
                        {
                            loss += Math.Pow(v[k] - 0.5, 2) / v.Length;
                            gradient[k] = 2 * (v[k] - 0.5f) / v.Length;
                        }
                        losses.Add(loss);
                        trainer.RunBackward(loss, new StepArrays().Add(network.FindPopulation("out"), "v", gradient));
                        trainer.Update();
                    }
                    Assert.True(losses[39] < 0.5 * losses[0], losses[0] + " -> " + losses[39]);
                    Assert.Fails(Status.State, () => trainer.RunBackward(0, new StepArrays(), new StepArrays().Add(0, "spikes", new float[steps * 2 * 4])));
                    Assert.Fails(Status.State, () => trainer.Backward());
                    Assert.Throws<ArgumentNullException>(() => trainer.Run(batch, null));
                }
                session.Step(); // lives on
                var gone = new Trainer(session, options);
                gone.Dispose();
                Assert.Throws<ObjectDisposedException>(() => gone.Backward());
                Assert.Fails(Status.NotFound, () => new Trainer(session, new TrainerOptions(9, 20)));
            }
        }
    }
}
